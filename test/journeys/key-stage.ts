/** An app of the partner with one certificate registered, and what is needed to roll its keys in the sandbox. */
import type { RegistrableCertificate } from '../../src/core/certificates/key-credentials';
import type { ProofSigner } from '../../src/core/certificates/proven-send';
import { openPrivateKey, readCertificateDer } from '../../src/core/certificates/records';
import type { Application } from '../../src/sandbox/model';
import { OPERATOR, type Story } from './story';

export interface HeldCertificate {
  readonly id: string;
  readonly certificate: RegistrableCertificate;
  readonly signer: ProofSigner;
}

/** A stored certificate, registered nowhere. */
export async function holdCertificate({ installation }: Story, name: string, lifetimeDays?: number): Promise<HeldCertificate> {
  const record = await installation.certificates.generate({ name, keyBits: 2048, ...(lifetimeDays === undefined ? {} : { lifetimeDays }) }, OPERATOR);
  const { privateKey } = await openPrivateKey(installation.ports, record.id);
  const certificate = { ...record, der: await readCertificateDer(installation.ports, record.id) };
  return { id: record.id, certificate, signer: { thumbprintSha1: record.thumbprintSha1, privateKey } };
}

/** What every call about this app's keys says. */
export function accessOf(story: Story, appKey = 'backup') {
  const app = story.sandbox.ready.apps.find(({ key }) => key === appKey);
  if (app === undefined) throw new Error(`There is no app ${appKey}.`);
  return { homeTenantId: story.sandbox.ready.homeTenantId, appKey, applicationAppId: app.appId, actor: OPERATOR };
}

/** The registration as the directory has it, whatever its replicas show. */
export function registrationOf(story: Story, appKey = 'backup'): Application {
  const { world, ready } = story.sandbox;
  const found = world.tenants.get(ready.homeTenantId)?.applications.list(world.now()).find(({ appId }) => appId === accessOf(story, appKey).applicationAppId);
  if (found === undefined) throw new Error(`There is no registration of ${appKey}.`);
  return found;
}

export function keyIdsOf(story: Story, appKey = 'backup'): readonly string[] {
  return registrationOf(story, appKey).keyCredentials.map(({ keyId }) => keyId);
}

/** Somebody with the portal open, behind our back. */
export function changeKeys(story: Story, change: (keys: Application['keyCredentials']) => Application['keyCredentials'], appKey = 'backup'): void {
  const { world, ready } = story.sandbox;
  const registration = registrationOf(story, appKey);
  world.tenants.get(ready.homeTenantId)?.applications.put(registration.id, { ...registration, keyCredentials: change(registration.keyCredentials) }, world.now());
}
