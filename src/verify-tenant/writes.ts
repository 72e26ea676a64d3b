/**
 * The writing probes: one app registration named `zz-verify-…`, its key credentials, a secret, its service principal, and their
 * end in the recycle bin. Each step needs the one before, so they run in this order and stop at a step that leaves nothing to go
 * on with. The caller cleans up.
 */
import { createHash } from 'node:crypto';
import { signProof } from './assertions';
import { PUBLIC_CERTIFICATES } from './certificates';
import { NAME_PREFIX } from './cleaning';
import { type Answer, type Ask, type Bench, type Finding, found, notTried, type RuleId } from './model';
import { get, graphRefusal, graphSuccess } from './probe';
import { compare, every, exactly, type Expectation, guid, instant, isObject, list, nothing, object, rowsOf, type Shape, text, textOf } from './shape';

export type Report = (rule: RuleId, asks: string, finding: Finding) => void;

interface Written {
  readonly bench: Bench;
  readonly report: Report;
  /** Object id and client id of the app registration. */
  readonly id: string;
  readonly appId: string;
}

const DAY_MS = 86_400_000;
const PATIENCE = 10;
const WAIT_MS = 3000;
const NO_CONTENT: Expectation = { status: 204, headers: { 'content-type': exactly(undefined, 'no content type') } };

const write = (method: 'POST' | 'PATCH' | 'DELETE', path: string, json?: unknown): Ask => ({ host: 'graph', method, path: `/v1.0${path}`, ...(json === undefined ? {} : { json }) });

export async function runWrites(bench: Bench, report: Report): Promise<void> {
  const written = await createApp(bench, report);
  if (written === undefined) return;
  await keyCredentials(written);
  await provenKeys(written);
  await secrets(written);
  await servicePrincipal(written);
  await removal(written);
}

async function step({ bench, report }: Pick<Written, 'bench' | 'report'>, rule: RuleId, asks: string, ask: Ask, expected: Expectation): Promise<Answer> {
  const answer = await bench.ask(ask);
  report(rule, asks, found(compare(answer, expected)));
  return answer;
}

/** Reads lag behind writes: ask until the answer is as expected, for half a minute. How long it took is worth knowing. */
async function settled({ bench }: Pick<Written, 'bench'>, asks: string, ask: Ask, isThere: (answer: Answer) => boolean): Promise<Answer> {
  const askedAt = bench.now();
  for (let attempt = 1; ; attempt += 1) {
    const answer = await bench.ask(ask);
    if (isThere(answer) || attempt === PATIENCE) {
      bench.observe(3, `${asks}: ${isThere(answer) ? `seen after ${Math.round((bench.now() - askedAt) / 1000)} seconds` : 'not seen within the patience of the check'}`);
      return answer;
    }
    await bench.wait(WAIT_MS);
  }
}

async function createApp(bench: Bench, report: Report): Promise<Written | undefined> {
  const displayName = `${NAME_PREFIX}${bench.guid().slice(0, 8)}`;
  const shape = object({ id: guid, appId: guid, displayName: exactly(displayName, 'the name that was sent'), createdDateTime: instant(7), keyCredentials: list(text, { most: 0 }), passwordCredentials: list(text, { most: 0 }) });
  const created = await step({ bench, report }, 'G-APP-POST', 'creating an app registration', write('POST', '/applications', { displayName }), graphSuccess(shape, 201));
  const body = isObject(created.body) ? created.body : {};
  const written = { bench, report, id: textOf(body['id']), appId: textOf(body['appId']) };
  if (written.id === '') return undefined;
  const read = await settled(written, 'a new app registration', get(`/v1.0/applications/${written.id}`), ({ status }) => status === 200);
  report('G-APP-GET', 'reading it back', found(compare(read, graphSuccess(object({ id: exactly(written.id, 'its id'), createdDateTime: instant(0) })))));
  return written;
}

function credential(bench: Bench, index: 0 | 1, days = 3, certificate = PUBLIC_CERTIFICATES[index]) {
  return { type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate, displayName: `${NAME_PREFIX}${index}`, endDateTime: new Date(bench.now() + days * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z') };
}

function stored(certificate: string): Shape {
  const thumbprint = createHash('sha1').update(Buffer.from(certificate, 'base64')).digest('hex').toUpperCase();
  return object({ customKeyIdentifier: exactly(thumbprint, 'the SHA-1 thumbprint in upper-case hex'), key: nothing, keyId: guid, startDateTime: instant(0), endDateTime: instant(0), type: exactly('AsymmetricX509Cert'), usage: exactly('Verify') });
}

const keysOf = ({ body }: Answer): readonly Readonly<Record<string, unknown>>[] => {
  const keys: unknown = isObject(body) ? body['keyCredentials'] : undefined;
  return Array.isArray(keys) ? keys.filter(isObject) : [];
};

async function keyCredentials(written: Written): Promise<void> {
  const { bench, report, id } = written;
  const path = `/applications/${id}`;
  const [first, second] = PUBLIC_CERTIFICATES;
  await step(written, 'G-APP-PATCH-KEYS', 'a first key credential by PATCH', write('PATCH', path, { keyCredentials: [credential(bench, 0)] }), NO_CONTENT);
  const one = await settled(written, 'a new key credential', get(`/v1.0${path}`), (answer) => keysOf(answer).length === 1);
  report('G-APP-GET', 'how a key credential is shown', found(compare(one, graphSuccess(object({ keyCredentials: list(stored(first), { least: 1, most: 1 }) })))));
  const listed = await bench.ask(get(`/v1.0/applications?$filter=id eq '${id}'`));
  report('G-APP-LIST', 'how a list shows it', found(listed.status === 200 ? rowsOf(listed).flatMap((row) => list(object({ key: nothing }))(row['keyCredentials'], 'body.value[0].keyCredentials')) : [`status: ${listed.status} instead of 200`]));
  await step(written, 'G-APP-GET-KEYS', 'its key, selected', get(`/v1.0${path}?$select=keyCredentials`), graphSuccess(object({ keyCredentials: list(object({ key: exactly(first, 'the certificate that was sent') }), { least: 1, most: 1 }) })));
  const changed = keysOf(one).map((entry) => ({ ...entry, displayName: `${NAME_PREFIX}changed` }));
  await step(written, 'G-KEY-NOT-UPDATABLE', 'changing a key credential that is there', write('PATCH', path, { keyCredentials: changed }), graphRefusal(400));
  await append(written, one);
  await step(written, 'G-APP-PATCH-KEYS', 'one key credential in place of two', write('PATCH', path, { keyCredentials: [credential(bench, 1)] }), NO_CONTENT);
  const replaced = await settled(written, 'a replaced key credential', get(`/v1.0${path}`), (answer) => keysOf(answer).length === 1);
  report('G-APP-PATCH-KEYS', 'the collection is replaced as a whole', found(compare(replaced, graphSuccess(object({ keyCredentials: list(stored(second), { least: 1, most: 1 }) })))));
  await step(written, 'G-KEY-DATES', 'a key credential that outlives its certificate', write('PATCH', path, { keyCredentials: [credential(bench, 0, 40 * 365)] }), graphRefusal(400));
  await step(written, 'G-APP-PASSWORDS', 'a secret by PATCH', write('PATCH', path, { passwordCredentials: [{ displayName: NAME_PREFIX, secretText: bench.guid() }] }), graphRefusal(400));
}

/** No recording shows it: the list as it was read, with `key` null, and one entry more. */
async function append(written: Written, one: Answer): Promise<void> {
  const { bench, report, id } = written;
  const known = keysOf(one).map((entry) => Object.fromEntries(Object.entries(entry).filter(([name]) => !name.startsWith('@'))));
  const answer = await bench.ask(write('PATCH', `/applications/${id}`, { keyCredentials: [...known, credential(bench, 1)] }));
  const two = answer.status === 204 ? await settled(written, 'a second key credential', get(`/v1.0/applications/${id}`), (read) => keysOf(read).length === 2) : undefined;
  bench.observe(1, `a second key credential by PATCH of both: status ${answer.status}, then ${two === undefined ? 'not read' : `${keysOf(two).length} key credentials`}`);
  report('G-APP-PATCH-KEYS', 'a second key credential beside the first', found(two === undefined ? [`status: ${answer.status} instead of 204`] : list(every(object({ key: nothing, keyId: guid })), { least: 2, most: 2 })(keysOf(two), 'body.keyCredentials')));
}

/**
 * A proof needs a private key: only with the app's own certificate. Success would take a token of the new app itself, which has
 * no permission and is given none here; what can be seen is that a proof in somebody else's hands is worth nothing.
 */
async function provenKeys(written: Written): Promise<void> {
  const { bench, report, id } = written;
  const { credential: own } = bench.settings;
  if (own.kind !== 'certificate') return report('G-APP-ADD-KEY', 'a key credential by addKey', notTried('needs M365_VERIFY_CERT_PATH'));
  const path = `/applications/${id}`;
  const der = own.certificateDer.toString('base64');
  await bench.ask(write('PATCH', path, { keyCredentials: [credential(bench, 0, 1, der)] }));
  await settled(written, 'a certificate that signs proofs', get(`/v1.0${path}`), (answer) => compare(answer, { status: 200, body: object({ keyCredentials: list(stored(der), { least: 1, most: 1 }) }) }).length === 0);
  const request = (signed: string) => write('POST', `${path}/addKey`, { keyCredential: credential(bench, 1), passwordCredential: null, proof: signed });
  const nowSeconds = Math.floor(bench.now() / 1000);
  await step(written, 'G-APP-PROOF', 'addKey with a proof that names another issuer', request(signProof(own, id, nowSeconds, { claims: { iss: bench.guid() } })), graphRefusal(401, 'Authentication_MissingOrMalformed'));
  const foreign = await step(written, 'G-APP-PROOF', 'addKey with a good proof and the token of another app', request(signProof(own, id, nowSeconds)), graphRefusal(401, 'Authentication_MissingOrMalformed'));
  bench.observe(1, `addKey with a good proof and the token of another app: status ${foreign.status}`);
  report('G-APP-ADD-KEY', 'addKey by the app itself', notTried('needs a token of the new app with Application.ReadWrite.OwnedBy, which the check does not grant'));
}

async function secrets(written: Written): Promise<void> {
  const { report, id, bench } = written;
  const shape = object({ keyId: guid, secretText: text, displayName: text, startDateTime: text, endDateTime: text });
  const endDateTime = new Date(bench.now() + DAY_MS).toISOString();
  const made = await step(written, 'G-APP-ADD-PASSWORD', 'a secret by addPassword', write('POST', `/applications/${id}/addPassword`, { passwordCredential: { displayName: `${NAME_PREFIX}secret`, endDateTime } }), graphSuccess(shape));
  const keyId = isObject(made.body) ? textOf(made.body['keyId']) : '';
  if (keyId === '') return report('G-APP-REMOVE-PASSWORD', 'its removal', notTried('there is no secret to remove'));
  await step(written, 'G-APP-REMOVE-PASSWORD', 'its removal', write('POST', `/applications/${id}/removePassword`, { keyId }), NO_CONTENT);
}

async function servicePrincipal(written: Written): Promise<void> {
  const { bench, report, appId } = written;
  const created = await step(written, 'G-SP-POST', 'a service principal for it', write('POST', '/servicePrincipals', { appId }), graphSuccess(object({ id: guid, appId: exactly(appId, 'the app id that was sent'), createdDateTime: instant(0) }), 201));
  const id = isObject(created.body) ? textOf(created.body['id']) : '';
  if (id === '') return;
  await step(written, 'G-SP-POST-DUPLICATE', 'a second one', write('POST', '/servicePrincipals', { appId }), graphRefusal(409, 'Request_MultipleObjectsWithSameKeyValue'));
  await step(written, 'G-SP-POST-UNKNOWN-APP', 'one for an app nobody has', write('POST', '/servicePrincipals', { appId: bench.guid() }), graphRefusal(400));
  await settled(written, 'a new service principal', get(`/v1.0/servicePrincipals/${id}`), ({ status }) => status === 200);
  await step(written, 'G-SP-PATCH', 'switching it off', write('PATCH', `/servicePrincipals/${id}`, { accountEnabled: false }), NO_CONTENT);
  await step(written, 'G-SP-DELETE', 'deleting it', write('DELETE', `/servicePrincipals/${id}`), NO_CONTENT);
  const gone = await settled(written, 'a deleted service principal', get(`/v1.0/servicePrincipals/${id}`), ({ status }) => status === 404);
  report('G-ERR-NOT-FOUND', 'reading what was deleted', found(compare(gone, graphRefusal(404, 'Request_ResourceNotFound'))));
}

async function removal(written: Written): Promise<void> {
  const { report, id } = written;
  await step(written, 'G-APP-DELETE', 'deleting the app registration', write('DELETE', `/applications/${id}`), NO_CONTENT);
  const bin = await settled(written, 'a deleted app registration in the recycle bin', get(`/v1.0/directory/deletedItems/${id}`), ({ status }) => status === 200);
  report('G-BIN-GET', 'finding it in the recycle bin', found(compare(bin, { status: 200, body: object({ id: exactly(id, 'its id'), deletedDateTime: text }) })));
  await step(written, 'G-BIN-PURGE', 'deleting it for good', write('DELETE', `/directory/deletedItems/${id}`), NO_CONTENT);
}
