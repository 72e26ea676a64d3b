/** What the stories about rotations share: a certificate that signs, and calls until something is reached. */
import { openSigningCertificate } from '../../src/core/certificates/rotation/line';
import type { RotationReport } from '../../src/core/corridor/certificates/rotate';
import { OPERATOR, type Story } from './story';

/** A certificate that is registered on these apps and that the configuration names. Returns its id. */
export async function registered(story: Story, appKeys: readonly string[], name = 'Primary'): Promise<string> {
  const { certificates } = story.installation;
  const { id } = await certificates.generate({ name, subject: Array.from(name).slice(0, 32).join(''), keyBits: 2048 }, OPERATOR);
  for (const appKey of appKeys) await certificates.register(id, appKey, OPERATOR);
  await story.reconfigure((written) => ({ apps: (written['apps'] as { key: string }[]).map((app) => (appKeys.includes(app.key) ? { ...app, credential: { certificateId: id } } : app)) }));
  return id;
}

/** One call after the other, the clock moved to the next step, as a schedule would. */
export async function rotateUntil(story: Story, certificateId: string, state: RotationReport['rotation']['state'], { calls = 60 } = {}): Promise<RotationReport> {
  for (let call = 0; call < calls; call += 1) {
    const report = await story.installation.certificates.rotate(certificateId, OPERATOR);
    if (report.rotation.state === state) return report;
    const waitMs = report.rotation.nextStepAt - story.clock.now();
    if (waitMs > 0) story.advanceClock(waitMs / 1000);
  }
  throw new Error(`The rotation did not come to ${state} in ${calls} calls: ${JSON.stringify((await story.installation.certificates.rotate(certificateId, OPERATOR)).rotation)}`);
}

/** The key credentials of an app, as the directory has them now. */
export async function keysOf(story: Story, appKey: string): Promise<readonly { readonly keyId: string; readonly customKeyIdentifier: string }[]> {
  const { homeTenantId, apps } = story.configuration;
  const appId = apps.find(({ key }) => key === appKey)?.appId ?? '';
  const answer = await story.installation.ports.graph.send({ tenantId: homeTenantId, appKey, fresh: true }, { method: 'GET', path: `/applications(appId='${appId}')?$select=id,keyCredentials` });
  return (answer.body as { readonly keyCredentials: readonly { readonly keyId: string; readonly customKeyIdentifier: string }[] }).keyCredentials;
}

/** A fresh token as the configuration has it; tells which certificate the store says it was signed with. */
export async function signOnce(story: Story, appKey: string): Promise<string> {
  const { ports } = story.installation;
  await ports.tokens.acquire({ tenantId: story.configuration.homeTenantId, appKey, resource: 'https://graph.microsoft.com', fresh: true });
  const setting = story.configuration.credentials.get(appKey);
  if (setting === undefined || !('certificateId' in setting)) throw new Error(`${appKey} does not sign in with a stored certificate.`);
  return (await openSigningCertificate(ports, setting.certificateId)).certificateId;
}
