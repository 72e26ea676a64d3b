/** An app of the partner with one certificate registered, and what is needed to roll its keys in the sandbox. */
import { X509Certificate } from 'node:crypto';
import { generateCertificate } from '../../src/core/certificates/generate';
import type { RegistrableCertificate } from '../../src/core/certificates/keys/key-credentials';
import type { ProofSigner } from '../../src/core/certificates/keys/proven-send';
import { openPrivateKey, readCertificateDer } from '../../src/core/certificates/records/records';
import type { Application, KeyCredential } from '../../src/sandbox/model';
import { OPERATOR, type Story } from './story';

export interface HeldCertificate {
  readonly id: string;
  readonly certificate: RegistrableCertificate;
  readonly signer: ProofSigner;
}

/** Keys take long to make: one per name and run, unless a lifetime is asked for. */
const made = new Map<string, string>();

/** A stored certificate, registered nowhere. */
export async function holdCertificate(story: Story, name: string, lifetimeDays?: number): Promise<HeldCertificate> {
  const { ports, certificates } = story.installation;
  const pem = (lifetimeDays === undefined ? made.get(name) : undefined) ?? (await makePem(story, name, lifetimeDays));
  if (lifetimeDays === undefined) made.set(name, pem);
  const { record } = await certificates.importFile({ name, bytes: Buffer.from(pem) }, OPERATOR);
  const { privateKey } = await openPrivateKey(ports, record.id);
  const certificate = { ...record, der: await readCertificateDer(ports, record.id) };
  return { id: record.id, certificate, signer: { thumbprintSha1: record.thumbprintSha1, privateKey } };
}

async function makePem({ installation }: Story, subject: string, lifetimeDays?: number): Promise<string> {
  const certificate = await generateCertificate(installation.ports, { subject, keyBits: 2048, ...(lifetimeDays === undefined ? {} : { lifetimeDays }) });
  return `${certificate.pem}\n${certificate.privateKey.reveal()}`;
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

/** A key credential of a certificate that is nowhere in our state. */
export async function makeStrangersKey(story: Story, keyId: string): Promise<KeyCredential> {
  const pem = made.get('Stranger') ?? (await makePem(story, 'Stranger'));
  made.set('Stranger', pem);
  const { raw, fingerprint, validFrom, validTo } = new X509Certificate(pem);
  const instant = (text: string) => new Date(text).toISOString().replace('.000Z', 'Z');
  return { keyId, key: raw.toString('base64'), customKeyIdentifier: fingerprint.replaceAll(':', ''), displayName: 'CN=Stranger', startDateTime: instant(validFrom), endDateTime: instant(validTo), type: 'AsymmetricX509Cert', usage: 'Verify' };
}
