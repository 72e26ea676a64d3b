/** The home tenant limits how long certificates may live; the sandbox refuses longer ones as Microsoft does. */
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_SEED } from '../../src/sandbox/seed-default';
import { hasCode } from '../../src/core/errors';
import { keysOf, registered, rotateUntil, signOnce } from './rotations';
import { OPERATOR, startStory, type Story } from './story';

const DAY_MS = 86_400_000;

let story: Story;
let isGone: boolean;
afterEach(async () => {
  await story.stop().catch((error: unknown) => {
    if (!isGone) throw error;
  });
});

async function begin(roles: readonly string[], maxKeyLifetimeDays: number): Promise<void> {
  const home = DEFAULT_SEED.homeTenant;
  const seed = {
    ...DEFAULT_SEED,
    tenants: DEFAULT_SEED.tenants.map((tenant) => (tenant.key === home ? { ...tenant, maxKeyLifetimeDays } : tenant)),
    apps: DEFAULT_SEED.apps.map((app) => ({ ...app, homeRoles: [...(app.homeRoles ?? []), ...roles] })),
  };
  isGone = false;
  story = await startStory({ sandbox: { seed } });
}
/** By an administrator who needs no app of ours for it. */
function allow(maxKeyLifetimeDays: number): void {
  const { world, ready } = story.sandbox;
  const policies = world.tenants.get(ready.homeTenantId)?.appManagementPolicies;
  for (const policy of policies?.list(world.now()) ?? []) policies?.put(policy.id, { ...policy, maxKeyLifetimeDays }, world.now());
}

const generate = async (name: string, lifetimeDays?: number) => story.installation.certificates.generate({ name, keyBits: 2048, lifetimeDays }, OPERATOR);
const daysOf = ({ notBefore, notAfter }: { readonly notBefore: string; readonly notAfter: string }) => (Date.parse(notAfter) - Date.parse(notBefore)) / DAY_MS;
/** As the home tenant's administrator. */
async function setPolicy(maxKeyLifetimeDays: number): Promise<void> {
  const restriction = { restrictionType: 'asymmetricKeyLifetime', maxLifetime: `P${maxKeyLifetimeDays}D`, state: 'enabled', restrictForAppsCreatedAfterDateTime: null };
  const { ports } = story.installation;
  const answer = await ports.graph.send({ tenantId: story.configuration.homeTenantId, appKey: 'backup', fresh: true }, { method: 'PATCH', path: '/policies/defaultAppManagementPolicy', body: { isEnabled: true, applicationRestrictions: { keyCredentials: [restriction] } } });
  expect(answer.status).toBe(204);
}
const refusalOf = async (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

describe('in a home tenant with a policy', { timeout: 120_000 }, () => {
  it('a certificate lives as long as the policy allows, and a longer one is refused before it is made', async () => {
    await begin(['Policy.Read.All'], 90);
    const made = await generate('Backup');
    expect([daysOf(made), made.lifetimeLimit]).toEqual([90, { maxDays: 90 }]);
    expect(await refusalOf(generate('Longer', 91))).toMatchObject({ code: 'CERTIFICATE_POLICY_LIFETIME', details: { maxDays: 90, lifetimeDays: 91 } });
    expect(daysOf(await generate('Shorter', 30))).toBe(30);
    expect(await story.installation.certificates.list(OPERATOR)).toHaveLength(2);
    expect(await story.installation.certificates.register(made.id, 'backup', OPERATOR)).toMatchObject({ alreadyRegistered: false });
  });

  it('a certificate that was there before the policy is replaced by one as short as the policy wants it', async () => {
    await begin(['Policy.Read.All', 'Policy.ReadWrite.ApplicationConfiguration'], 400);
    const first = await registered(story, ['backup']);
    await setPolicy(90);
    const { certificate } = await rotateUntil(story, first, 'proving');
    expect(certificate === null ? 0 : daysOf(certificate)).toBe(90);
  });

  it('nobody who may not read it is told that all is well, and registering says what is wrong', async () => {
    await begin([], 90);
    const made = await generate('Backup');
    expect([daysOf(made), made.lifetimeLimit]).toEqual([365, 'unreadable']);
    const error = await refusalOf(story.installation.certificates.register(made.id, 'backup', OPERATOR));
    expect(hasCode(error, 'KEY_CREDENTIAL_POLICY') && error.serviceCode).toBe('CredentialInvalidLifetimeAsPerAppPolicy');
  });

  it('a rotation that could not know of the policy stops before the old key is touched, and can be undone', async () => {
    await begin([], 400);
    const first = await registered(story, ['backup']);
    allow(90);
    const before = await keysOf(story, 'backup');
    await story.installation.certificates.rotate(first, OPERATOR);
    for (let call = 0; call < 2; call += 1) expect(hasCode(await refusalOf(story.installation.certificates.rotate(first, OPERATOR)), 'KEY_CREDENTIAL_POLICY')).toBe(true);
    expect((await story.installation.certificates.undoRotation(first, OPERATOR)).rotation.state).toBe('rolled_back');
    expect(await keysOf(story, 'backup')).toEqual(before);
    expect(await signOnce(story, 'backup')).toBe(first);
    expect(await story.installation.audit.orphanedIntents()).toEqual([]);
  });

  it('a certificate is made without an answer too', async () => {
    await begin(['Policy.Read.All'], 90);
    await story.sandbox.stop();
    isGone = true;
    const made = await generate('Offline');
    expect([daysOf(made), made.lifetimeLimit]).toEqual([365, 'unreadable']);
  });
});
