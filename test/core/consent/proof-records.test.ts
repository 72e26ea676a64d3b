/** The memory of what was granted: believed only when it is authentic, and gone with its account. */
import { describe, expect, it } from 'vitest';
import type { ConsentVerdict } from '../../../src/core/consent/evidence/verdict';
import { dropConsentProof, findConsentProof, noteProofSeen, proofOf, provesAll, saveConsentProof } from '../../../src/core/consent/evidence/proof-records';
import { corePorts } from '../../support/core-ports';

const TENANT = '99999999-0000-4000-8000-000000000001';
const finding = { resource: 'Microsoft Graph', resourceAppId: '00000003-0000-0000-c000-000000000000', type: 'application', reason: 'mail', isPublished: true, inToken: true, inDirectory: true } as const;
const verdict: ConsentVerdict = {
  tenantId: TENANT,
  readAt: 5000,
  verdict: 'granted',
  apps: [{ key: 'backup', appId: '22222222-0000-4000-8000-000000000001', state: 'granted', evidence: 'tokens_and_directory', servicePrincipalId: '11111111-0000-4000-8000-000000000003', granted: [{ ...finding, name: 'Mail.Read', id: '810c84a8-4a9e-49e6-bf7d-12d183f40d01' }], missing: [], removed: [], added: [], unproven: [], surplus: [], because: null, notes: [] }],
};

async function proven() {
  const ports = corePorts();
  await saveConsentProof(ports, proofOf(verdict, { accountId: 'contoso', epoch: 2 }));
  return ports;
}

describe('what was proven', () => {
  it('speaks for the declaration it was proven for, and for none that grew since', () => {
    const proof = proofOf(verdict, { accountId: 'contoso', epoch: 2 });
    const [app] = verdict.apps;
    const declare = (...requiredPermissions: readonly { readonly name: string | undefined; readonly id: string | undefined }[]) => [
      { key: 'backup', appId: app?.appId ?? '', displayName: 'Backup', round: 1, services: [], requiredPermissions: requiredPermissions.map((one) => ({ resourceAppId: finding.resourceAppId, type: 'application' as const, reason: 'mail', ...one })) },
    ];
    const mail = { name: 'Mail.Read', id: undefined };
    expect(provesAll(proof, declare(mail))).toBe(true);
    expect(provesAll(proof, declare({ name: undefined, id: '810C84A8-4A9E-49E6-BF7D-12D183F40D01' }))).toBe(true);
    expect(provesAll(proof, declare(mail, { name: 'Mail.ReadWrite', id: undefined }))).toBe(false);
    expect(provesAll(proof, declare({ name: 'Mail.Read', id: '00000000-0000-4000-8000-000000000009' }))).toBe(false);
    expect(provesAll(proof, declare(mail).map((one) => ({ ...one, appId: '22222222-0000-4000-8000-000000000009' })))).toBe(false);
  });

  it('is remembered per app, by name and id, without the reasons of the day', async () => {
    expect(await findConsentProof(await proven(), 'contoso')).toEqual({
      accountId: 'contoso',
      tenantId: TENANT,
      epoch: 2,
      provenAt: 5000,
      tokensAt: 5000,
      directoryAt: 5000,
      apps: [{ key: 'backup', appId: '22222222-0000-4000-8000-000000000001', servicePrincipalId: '11111111-0000-4000-8000-000000000003', granted: [{ resourceAppId: finding.resourceAppId, type: 'application', id: '810c84a8-4a9e-49e6-bf7d-12d183f40d01', name: 'Mail.Read' }] }],
    });
  });

  it('gets younger with every look that agrees, never older, and by no look at another tenant', async () => {
    const ports = await proven();
    await noteProofSeen(ports, 'contoso', { ...verdict, readAt: 9000 }, 'routine');
    await noteProofSeen(ports, 'contoso', { ...verdict, readAt: 8000 }, 'full');
    await noteProofSeen(ports, 'contoso', { ...verdict, readAt: 99_000, tenantId: '99999999-0000-4000-8000-000000000002' }, 'full');
    expect(await findConsentProof(ports, 'contoso')).toMatchObject({ provenAt: 5000, tokensAt: 5000, directoryAt: 9000 });
    await noteProofSeen(ports, 'contoso', { ...verdict, readAt: 10_000 }, 'full');
    expect(await findConsentProof(ports, 'contoso')).toMatchObject({ provenAt: 5000, tokensAt: 10_000, directoryAt: 10_000, epoch: 2 });
  });

  it('takes in what a full look found granted since, and nothing of a routine one', async () => {
    const ports = await proven();
    const later = { ...verdict, readAt: 9000, apps: verdict.apps.map((app) => ({ ...app, granted: [...app.granted, { ...finding, name: 'Files.Read.All', id: '01d4889c-1287-42c6-ac1f-5d1e02578ef6' }] })) };
    const names = async () => (await findConsentProof(ports, 'contoso'))?.apps[0]?.granted.map(({ name }) => name);
    await noteProofSeen(ports, 'contoso', later, 'routine');
    expect(await names()).toEqual(['Mail.Read']);
    await noteProofSeen(ports, 'contoso', { ...later, readAt: 9001 }, 'full');
    expect(await names()).toEqual(['Mail.Read', 'Files.Read.All']);
  });

  it('is not believed after somebody shortened it in the store', async () => {
    const ports = await proven();
    const row = await ports.store.get('consent/proof/contoso');
    await ports.store.set('consent/proof/contoso', String(row?.value).replace('Mail.Read', 'Mail.Send'));
    await expect(findConsentProof(ports, 'contoso')).rejects.toMatchObject({ code: 'STATE_RECORD_TAMPERED' });
  });

  it('goes with its account, and a look that comes late brings nothing back', async () => {
    const ports = await proven();
    expect(await dropConsentProof(ports, 'contoso', async () => false)).toBe(false);
    expect(await dropConsentProof(ports, 'contoso', async () => true)).toBe(true);
    await noteProofSeen(ports, 'contoso', { ...verdict, readAt: 9000 }, 'full');
    expect(await findConsentProof(ports, 'contoso')).toBeUndefined();
  });
});
