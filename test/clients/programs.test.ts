/** A whole program that others run in production, and a library in another language: unchanged, in masquerade. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage } from './stage';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage('masquerade');
});
afterAll(() => stage.stop());

describe('Backstage', () => {
  it('reads the organisation: everybody whose account is enabled, and who is in which group', async () => {
    const found = await stage.run<{ readonly people: readonly { readonly id: string; readonly name: string; readonly memberOf: readonly string[] }[]; readonly groups: readonly string[]; readonly complaints: readonly string[] }>('backstage.mts');
    expect(found.complaints).toEqual([]);
    const enabled = stage.contoso.users.filter(({ notes }) => !notes.includes('disabled')).map(({ objectId }) => objectId);
    expect(found.people.map(({ id }) => id).toSorted()).toEqual(enabled.toSorted());
    // A team is called by its mail nickname, which the sandbox takes from its id.
    expect(found.groups.toSorted()).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/) as string, 'all_staff', 'contoso', 'tier_0_administrators']);
    const staff = found.people.filter(({ memberOf }) => memberOf.some((group) => group.includes('all_staff'))).map(({ id }) => id);
    expect(staff).toContain(stage.ada.objectId);
    expect(staff).toHaveLength(4);
  });
});

describe('MSAL for Python', () => {
  it.runIf((process.env['CLIENTS_PYTHON'] ?? '') !== '')('gets tokens by secret and by certificate, signs a person in, and understands a refusal', async () => {
    const { tenantId } = stage.contoso;
    const token = (proof: string) => ({ aud: 'https://graph.microsoft.com', appidacr: proof, tid: tenantId, roles: 7 });
    expect(await stage.run('msal_python.py')).toEqual({
      version: expect.stringMatching(/^1\./),
      tokens: { secret: token('1'), certificate: token('2') },
      refusals: { wrongSecret: ['invalid_client', [7000215]] },
      people: [200, 2, 'graph.microsoft.com'],
      person: { tid: tenantId, oid: stage.ada.objectId, aud: stage.app.appId, secondTime: [54005] },
    });
  });
});

it('neither asked for anything the sandbox does not model, nor for anybody else', () => {
  expect(stage.sandbox.gaps()).toEqual([]);
});
