/** Client assertions with one flaw each; they need a certificate as the app's credential. */
import { createHash } from 'node:crypto';
import { ASSERTION_TYPE, type JwtChanges, signAssertion, withBrokenSignature } from './assertions';
import type { Answer, Bench, Finding, Probe, RuleId } from './model';
import { found, notTried } from './model';
import { stsRefusal } from './probe';
import { compare, errorOf, type Expectation } from './shape';

const WITHOUT_CERTIFICATE = 'needs M365_VERIFY_CERT_PATH';

type Changes = (bench: Bench, endpoint: string) => JwtChanges & { readonly type?: string; readonly mangle?: (compact: string) => string };

async function send(bench: Bench, changes: Changes): Promise<Answer | undefined> {
  const { credential, clientId, tenantId, hosts } = bench.settings;
  if (credential.kind !== 'certificate') return undefined;
  const audience = `${hosts.login}/${tenantId}/oauth2/v2.0/token`;
  const { header, claims, type = ASSERTION_TYPE, mangle = (compact) => compact } = changes(bench, audience);
  const nowSeconds = Math.floor(bench.now() / 1000);
  const compact = signAssertion({ certificate: credential, clientId, audience, jti: bench.guid(), nowSeconds }, { ...(header === undefined ? {} : { header }), ...(claims === undefined ? {} : { claims }) });
  return bench.askToken({ client_assertion: mangle(compact), client_assertion_type: type });
}

function flawed(rule: RuleId, asks: string, code: number, changes: Changes, expected: Expectation = stsRefusal(401, code, 'invalid_client')): Probe {
  const run = async (bench: Bench): Promise<Finding> => {
    const answer = await send(bench, changes);
    return answer === undefined ? notTried(WITHOUT_CERTIFICATE) : found(compare(answer, expected));
  };
  return { rule, asks, run };
}

/** Where no source says what happens: compared with what the sandbox assumes, and noted for the list. */
function open(rule: RuleId, asks: string, assumed: 'accepted' | 'refused', changes: Changes): Probe {
  const run = async (bench: Bench): Promise<Finding> => {
    const answer = await send(bench, changes);
    if (answer === undefined) return notTried(WITHOUT_CERTIFICATE);
    const saw = answer.status === 200 ? 'accepted' : 'refused';
    bench.observe(2, `${asks}: ${saw}${errorOf(answer)}`);
    return found(saw === assumed ? [] : [`${asks}: ${saw}${errorOf(answer)}, where the sandbox says ${assumed}`]);
  };
  return { rule, asks, run };
}

const seconds = (bench: Bench) => Math.floor(bench.now() / 1000);

/** The same `jti` twice, an assertion of its own each time. */
async function replayed(bench: Bench): Promise<Finding> {
  const jti = bench.guid();
  await send(bench, () => ({ claims: { jti } }));
  const second = await send(bench, () => ({ claims: { jti } }));
  if (second === undefined) return notTried(WITHOUT_CERTIFICATE);
  const saw = second.status === 200 ? 'accepted' : 'refused';
  bench.observe(2, `a repeated jti: ${saw}${errorOf(second)}`);
  return found(saw === 'accepted' ? [] : [`a repeated jti: refused${errorOf(second)}, where the sandbox says accepted`]);
}

export const assertionProbes: readonly Probe[] = [
  flawed('ASSERTION-TYPE', 'another client_assertion_type', 9002313, () => ({ type: 'zz-verify' }), stsRefusal(400, 9002313, 'invalid_request')),
  flawed('ASSERTION-MALFORMED', 'an assertion that is no JWT', 50027, () => ({ mangle: () => 'zz.verify' })),
  flawed('ASSERTION-NO-THUMBPRINT', 'an assertion that names no certificate', 700027, () => ({ header: { 'x5t#S256': undefined } })),
  flawed('ASSERTION-ISSUER', 'another issuer', 700021, (bench) => ({ claims: { iss: bench.guid() } })),
  flawed('ASSERTION-SUBJECT', 'another subject', 50048, (bench) => ({ claims: { sub: bench.guid() } })),
  flawed('ASSERTION-AUDIENCE', 'the token endpoint of another tenant as audience', 700023, (bench, endpoint) => ({ claims: { aud: endpoint.replace(bench.settings.tenantId, bench.guid()) } })),
  flawed('ASSERTION-TIME', 'an assertion that ended an hour ago', 700024, (bench) => ({ claims: { nbf: seconds(bench) - 7200, iat: seconds(bench) - 7200, exp: seconds(bench) - 3600 } })),
  flawed('ASSERTION-KEY-UNKNOWN', 'a certificate nobody registered', 700027, (bench) => ({ header: { 'x5t#S256': createHash('sha256').update(bench.guid()).digest('base64url') } })),
  flawed('ASSERTION-SIGNATURE', 'a broken signature', 700027, () => ({ mangle: withBrokenSignature })),
  open('ASSERTION-AUDIENCE', 'the issuer as audience', 'refused', ({ settings }) => ({ claims: { aud: `${settings.hosts.login}/${settings.tenantId}/v2.0` } })),
  open('ASSERTION-TIME', 'an assertion that ended four minutes ago', 'accepted', (bench) => ({ claims: { nbf: seconds(bench) - 600, exp: seconds(bench) - 240 } })),
  open('ASSERTION-TIME', 'an assertion that ended six minutes ago', 'refused', (bench) => ({ claims: { nbf: seconds(bench) - 900, exp: seconds(bench) - 360 } })),
  open('ASSERTION-TIME', 'an assertion that lasts a day', 'accepted', (bench) => ({ claims: { exp: seconds(bench) + 86_400 } })),
  { rule: 'ASSERTION-TIME', asks: 'a repeated jti', run: replayed },
];
