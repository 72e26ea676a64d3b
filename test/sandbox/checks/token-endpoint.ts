/** The token endpoint, held against captured refusals of 2026 and Microsoft's error reference. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { checksOf } from './check';
import { body, codeOf, GRAPH, makeCertificate, upload, type Stage } from './client';

const VERIFIER = 'a-verifier-of-forty-three-characters-or-more-0';
const CHALLENGE = { code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'), code_challenge_method: 'S256' };

async function refuses(reply: Promise<Parameters<typeof codeOf>[0]>, code: string, status?: number): Promise<void> {
  const answered = await reply;
  assert.equal(codeOf(answered), code, `${answered.status} ${answered.text.slice(0, 200)}`);
  if (status !== undefined) assert.equal(answered.status, status);
}

async function grants(reply: ReturnType<Stage['clientToken']>): Promise<void> {
  const answered = await reply;
  assert.equal(answered.status, 200, answered.text.slice(0, 200));
}

const registered = async (stage: Stage, days?: number) => {
  await stage.createPrincipal();
  const certificate = makeCertificate(stage.sandbox.clock.now(), days);
  assert.equal((await stage.patchKeys([upload(certificate)])).status, 204);
  return certificate;
};

export const tokenEndpointChecks = checksOf('token-endpoint', {
  'A secret the app does not have is AADSTS7000215': ['TOKEN-SECRET-WRONG', async (stage) => {
    await stage.createPrincipal();
    await refuses(stage.clientToken('contoso', { client_secret: 'guessed' }), '7000215');
  }],
  'A refused client is answered with status 401': ['TOKEN-SECRET-WRONG', async (stage) => {
    await stage.createPrincipal();
    assert.equal((await stage.clientToken('contoso', { client_secret: 'guessed' })).status, 401);
  }],
  'A refusal lists its number in error_codes': ['TOKEN-SECRET-WRONG', async (stage) => {
    await stage.createPrincipal();
    const reply = await stage.clientToken('contoso', { client_secret: 'guessed' });
    const { error_codes: codes, error } = body(reply);
    assert.deepEqual([codes, error], [[7000215], 'invalid_client']);
  }],
  'An expired secret is AADSTS7000222': ['TOKEN-SECRET-EXPIRED', async (stage) => {
    await stage.createPrincipal();
    const endDateTime = new Date(stage.sandbox.clock.now() + 60_000).toISOString();
    const added = await stage.graph('POST', `/applications/${stage.app().objectId}/addPassword`, { tenant: 'partner', roles: ['Application.ReadWrite.All'], body: { passwordCredential: { displayName: 'short', endDateTime } } });
    const secret = String(body(added).secretText);
    await grants(stage.clientToken('contoso', { client_secret: secret }));
    stage.sandbox.clock.advance(120);
    await refuses(stage.clientToken('contoso', { client_secret: secret }), '7000222');
  }],
  'A registered certificate proves the client': ['ASSERTION-SIGNATURE', async (stage) => grants(stage.assertedToken('contoso', await registered(stage)))],
  'An assertion for another audience is AADSTS700023': ['ASSERTION-AUDIENCE', async (stage) => {
    await refuses(stage.assertedToken('contoso', await registered(stage), { aud: stage.tokenUrl('fabrikam') }), '700023');
  }],
  'An expired assertion is AADSTS700024': ['ASSERTION-TIME', async (stage) => {
    const past = stage.nowSeconds() - 3600;
    await refuses(stage.assertedToken('contoso', await registered(stage), { nbf: past - 600, iat: past - 600, exp: past }), '700024');
  }],
  'An assertion signed with another key is AADSTS700027': ['ASSERTION-SIGNATURE', async (stage) => {
    await refuses(stage.assertedToken('contoso', await registered(stage), {}, stage.keys.current.privateKey), '700027');
  }],
  'A key credential past its end is AADSTS700027': ['ASSERTION-KEY-EXPIRED', async (stage) => {
    const certificate = await registered(stage, 2);
    await grants(stage.assertedToken('contoso', certificate));
    stage.sandbox.clock.advance(3 * 86_400);
    await refuses(stage.assertedToken('contoso', certificate), '700027');
  }],
  'An app without a service principal in the tenant is AADSTS7000229': ['TOKEN-NO-SP', async (stage) => refuses(stage.clientToken('contoso'), '7000229')],
  'A disabled service principal is AADSTS7000112': ['TOKEN-SP-DISABLED', async (stage) => {
    const id = await stage.createPrincipal();
    assert.equal((await stage.graph('PATCH', `/servicePrincipals/${id}`, { roles: ['Application.ReadWrite.All'], body: { accountEnabled: false } })).status, 204);
    await refuses(stage.clientToken('contoso'), '7000112');
  }],
  'client_credentials at /organizations is AADSTS9001023': ['TOKEN-COMMON', async (stage) => refuses(stage.clientToken('organizations'), '9001023')],
  'A scope of client_credentials ends in /.default': ['TOKEN-SCOPE-DEFAULT', async (stage) => {
    await stage.createPrincipal();
    await refuses(stage.clientToken('contoso', { scope: 'https://graph.microsoft.com/User.Read.All' }), '1002012');
  }],
  'A resource unknown in the tenant is AADSTS500011': ['TOKEN-RESOURCE', async (stage) => {
    await stage.createPrincipal();
    await refuses(stage.clientToken('contoso', { scope: 'https://vault.azure.net/.default' }), '500011');
    await grants(stage.clientToken('contoso', { scope: `${GRAPH}/.default` }));
  }],
  'A code is redeemed once': ['CODE-REUSED', async (stage) => {
    const code = await stage.codeFor('contoso/ada');
    await grants(stage.redeem('contoso', code));
    await refuses(stage.redeem('contoso', code), '54005');
  }],
  'A code lives ten minutes': ['CODE-EXPIRED', async (stage) => {
    const code = await stage.codeFor('contoso/ada');
    stage.sandbox.clock.advance(601);
    await refuses(stage.redeem('contoso', code), '70008');
  }],
  'A code belongs to the client it was issued to': ['CODE-UNKNOWN', async (stage) => {
    const code = await stage.codeFor('contoso/ada');
    await stage.createPrincipal('restore');
    await refuses(stage.redeem('contoso', code, {}, 'restore'), '70000');
  }],
  'A code is redeemed where it was issued': ['CODE-TENANT', async (stage) => {
    const code = await stage.codeFor('contoso/ada');
    await refuses(stage.redeem('fabrikam', code), '700005');
  }],
  'Redeeming repeats the redirect URI': ['CODE-REDIRECT', async (stage) => {
    const code = await stage.codeFor('contoso/ada');
    await refuses(stage.redeem('contoso', code, { redirect_uri: 'http://localhost:4180/consent/callback' }), '50011');
  }],
  'Redeeming proves the challenge': ['CODE-VERIFIER', async (stage) => {
    const code = await stage.codeFor('contoso/ada', CHALLENGE);
    await refuses(stage.redeem('contoso', code, { code_verifier: `${VERIFIER}1` }), '501481');
    await grants(stage.redeem('contoso', code, { code_verifier: VERIFIER }));
  }],
});
