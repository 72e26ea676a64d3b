/** Cases for owners and further credentials of applications and service principals; see cases.ts. */
import { createFreshCertificate, createProof } from './certificates';
import { on, type Case } from './case';
import { bodyOf, firstOf, type Stage } from './stage';
import type { Reply } from '../sandbox/support';

const HOME = { tenant: 'partner' } as const;
const FEDERATED = { issuer: 'https://token.actions.githubusercontent.com/', subject: 'repo:octo-org/octo-repo:environment:Production', description: 'Testing', audiences: ['api://AzureADTokenExchange'] };

export const appCases: Readonly<Record<string, Case>> = {
  'GET /applications/{}/owners 200': on('user', async (stage) => {
    await addOwner(stage, `/applications/${stage.application.id}`);
    return stage.ask('GET', `/applications/${stage.application.id}/owners`, HOME);
  }),
  'POST /applications/{}/owners/$ref 204': on('application', async (stage) => {
    await stage.ask('DELETE', `/applications/${stage.application.id}/owners/${stage.homePerson}/$ref`, HOME);
    return addOwner(stage, `/applications/${stage.application.id}`);
  }),
  'DELETE /applications/{}/owners/{}/$ref 204': on('application', async (stage) => {
    await addOwner(stage, `/applications/${stage.application.id}`);
    return stage.ask('DELETE', `/applications/${stage.application.id}/owners/${stage.homePerson}/$ref`, HOME);
  }),
  'GET /serviceprincipals/{}/owners 200': on('user', ({ ask, ids }) => ask('GET', `/servicePrincipals/${ids.client}/owners`)),
  'DELETE /serviceprincipals/{}/owners/{}/$ref 204': on('servicePrincipal', async ({ ask, sandbox, ids }) => {
    await ask('POST', `/servicePrincipals/${ids.client}/owners/$ref`, { body: { '@odata.id': `${sandbox.world.origins.graph}/v1.0/directoryObjects/${ids.user}` } });
    return ask('DELETE', `/servicePrincipals/${ids.client}/owners/${ids.user}/$ref`);
  }),
  'POST /serviceprincipals/{}/addpassword 200': on('passwordCredential', (stage) => addPassword(stage)),
  'POST /serviceprincipals/{}/removepassword 204': on('passwordCredential', async (stage) => {
    const { keyId } = bodyOf(await addPassword(stage)) as { readonly keyId: string };
    return stage.ask('POST', `/servicePrincipals/${stage.ids.client}/removePassword`, { body: { keyId } });
  }),
  'POST /serviceprincipals/{}/addkey 200': on('keyCredential', (stage) => addKey(stage)),
  'POST /serviceprincipals/{}/removekey 204': on('keyCredential', async (stage) => {
    const { keyId } = bodyOf(await addKey(stage)) as { readonly keyId: string };
    return stage.ask('POST', `/servicePrincipals/${stage.ids.client}/removeKey`, { body: { keyId, proof: proofOf(stage) } });
  }),
  'POST /applications/{}/federatedidentitycredentials 201': on('federatedIdentityCredential', (stage) => federate(stage, 'First')),
  'GET /applications/{}/federatedidentitycredentials 200': on('federatedIdentityCredential', async (stage) => {
    await federate(stage, 'Second');
    return stage.ask('GET', federated(stage), HOME);
  }),
  'GET /applications/{}/federatedidentitycredentials/{} 200': on('federatedIdentityCredential', async (stage) => {
    await federate(stage, 'Testing');
    return stage.ask('GET', `${federated(stage)}/Testing`, HOME);
  }),
  'PATCH /applications/{}/federatedidentitycredentials/{} 204': on('federatedIdentityCredential', async (stage) =>
    stage.ask('PATCH', `${federated(stage)}/${firstOf(await stage.ask('GET', federated(stage), HOME)).id}`, { ...HOME, body: { subject: 'repo:octo-org/octo-repo:environment:Staging' } }),
  ),
  'DELETE /applications/{}/federatedidentitycredentials/{} 204': on('federatedIdentityCredential', async (stage) => {
    await federate(stage, 'Third');
    return stage.ask('DELETE', `${federated(stage)}/Third`, HOME);
  }),
};

function federated({ application }: Stage): string {
  return `/applications/${application.id}/federatedIdentityCredentials`;
}

function federate(stage: Stage, name: string): Promise<Reply> {
  return stage.ask('POST', federated(stage), { ...HOME, body: { name, ...FEDERATED } });
}

function addOwner({ ask, sandbox, homePerson }: Stage, owned: string): Promise<Reply> {
  return ask('POST', `${owned}/owners/$ref`, { ...HOME, body: { '@odata.id': `${sandbox.world.origins.graph}/v1.0/directoryObjects/${homePerson}` } });
}

function addPassword({ ask, ids }: Stage): Promise<Reply> {
  return ask('POST', `/servicePrincipals/${ids.client}/addPassword`, { body: { passwordCredential: { displayName: 'rbac' } } });
}

/** A proof is signed with a key the service principal has already; its first one is put there by hand. */
function addKey(stage: Stage): Promise<Reply> {
  const { sandbox, ids, certificate } = stage;
  const tenant = [...sandbox.world.tenants.values()].find(({ servicePrincipals }) => servicePrincipals.get(ids.client, sandbox.world.now()) !== undefined);
  const principal = tenant?.servicePrincipals.get(ids.client, sandbox.world.now());
  const [first] = tenant === undefined ? [] : [...sandbox.world.tenants.values()].flatMap(({ applications }) => applications.get(stage.application.id, sandbox.world.now())?.keyCredentials ?? []);
  if (tenant === undefined || principal === undefined || first === undefined) throw new Error('The stage lacks what a proof needs.');
  if (principal.keyCredentials === undefined) tenant.servicePrincipals.put(principal.id, { ...principal, keyCredentials: [{ ...first, key: certificate.base64 }] }, sandbox.world.now());
  const { base64: key } = createFreshCertificate('rolled', sandbox.world.now());
  return stage.ask('POST', `/servicePrincipals/${ids.client}/addKey`, {
    body: { keyCredential: { type: 'AsymmetricX509Cert', usage: 'Verify', key }, passwordCredential: null, proof: proofOf(stage) },
  });
}

function proofOf({ certificate, ids, sandbox }: Stage): string {
  return createProof(certificate, ids.client, sandbox.world.now());
}
