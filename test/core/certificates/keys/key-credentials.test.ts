import { beforeEach, describe, expect, it } from 'vitest';
import { buildKeyCredentialsPatch, expiredKeyIds, findKeyCredential, fingerprintOf, judgeReadBack, keyIdOf, readApplicationKeys, type ApplicationKeys } from '../../../../src/core/certificates/keys/key-credentials';
import { buildProofOfPossession } from '../../../../src/core/certificates/keys/proof-of-possession';
import { proveCertificate } from '../../../../src/core/certificates/keys/prove';
import { registerCertificate, type RegistrationInput } from '../../../../src/core/certificates/keys/register';
import { OnboardingError, type ErrorCode } from '../../../../src/core/errors';
import { isGuid } from '../../../../src/core/internal/guid';
import { secret } from '../../../../src/core/internal/secret';
import type { AppTokenRequest, AuditEvent, GraphRequest, GraphResponse, GraphScope } from '../../../../src/core/ports';
import { createMovableClock } from '../../../../src/core/testing/movable-clock';
import { corePorts } from '../../../support/core-ports';

const NOW = Date.UTC(2026, 10, 22);
const der = new Uint8Array([48, 3, 2, 1, 5]);
const certificate = { der, name: 'Backup', thumbprintSha1: 'AB'.repeat(20), thumbprintSha256: '0123456789ABCDEF'.repeat(4), notBefore: '2026-11-21T23:45:00Z', notAfter: '2027-11-21T23:45:00Z' };
const keyBase64 = Buffer.from(der).toString('base64');
const foreign = (keyId: string, extra: object = {}) => ({ keyId, key: null, customKeyIdentifier: 'CD'.repeat(20), displayName: 'CN=Other', startDateTime: '2026-01-01T00:00:00Z', endDateTime: '2027-01-01T00:00:00Z', type: 'AsymmetricX509Cert', usage: 'Verify', ...extra });
const application = (...keyCredentials: ApplicationKeys['keyCredentials']): ApplicationKeys => ({ id: 'object-1', appId: 'app-1', keyCredentials });
const ours = (extra: object = {}) => foreign(keyIdOf(certificate), { customKeyIdentifier: 'AB'.repeat(20), key: keyBase64, ...extra });

async function refusalOf(promise: Promise<unknown>): Promise<OnboardingError> {
  const error: unknown = await promise.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof OnboardingError)) throw new Error('expected a refusal', { cause: error });
  return error;
}

describe('key credentials', () => {
  it('are recognised by the certificate, or by its thumbprint in either notation', () => {
    for (const entry of [
      foreign('k', { key: keyBase64 }),
      foreign('k', { key: `${keyBase64.slice(0, 4)}\r\n${keyBase64.slice(4)}` }),
      foreign('k', { customKeyIdentifier: 'ab'.repeat(20) }),
      foreign('k', { customKeyIdentifier: Buffer.from('AB'.repeat(20), 'hex').toString('base64') }),
    ]) {
      expect(findKeyCredential(application(foreign('x'), entry), certificate)?.keyId).toBe('k');
    }
    expect(findKeyCredential(application(foreign('x')), certificate)).toBeUndefined();
    // A key that is shown decides: somebody may have given another certificate our thumbprint as its label.
    expect(findKeyCredential(application(foreign('x', { key: 'AAAA', customKeyIdentifier: 'AB'.repeat(20) })), certificate)).toBeUndefined();
  });

  it('have a GUID that follows from the certificate', () => {
    expect(isGuid(keyIdOf(certificate))).toBe(true);
    expect(keyIdOf(certificate)).toBe(keyIdOf({ thumbprintSha256: certificate.thumbprintSha256.toLowerCase() }));
    expect(keyIdOf({ thumbprintSha256: 'F'.repeat(64) })).not.toBe(keyIdOf(certificate));
  });

  it('go back as they were read, with an empty key and members nobody here knows, and the new one last', () => {
    const present = [foreign('a', { key: 'AAAA', futureMember: { x: 1 } }), foreign('b')];
    const { keyCredentials } = buildKeyCredentialsPatch(application(...present), { ...certificate, name: '🔐'.repeat(100) });
    expect(keyCredentials.slice(0, 2)).toEqual([{ ...present[0], key: null }, present[1]]);
    expect(keyCredentials[2]).toEqual({ keyId: keyIdOf(certificate), type: 'AsymmetricX509Cert', usage: 'Verify', displayName: '🔐'.repeat(90), startDateTime: certificate.notBefore, endDateTime: certificate.notAfter, key: keyBase64 });
  });

  it('are compared without regard to order and to whether keys are shown', () => {
    const [a, b] = [foreign('a', { key: 'AAAA' }), foreign('b')];
    expect(fingerprintOf(application(a, b))).toBe(fingerprintOf(application(b, { ...a, key: null })));
    expect(fingerprintOf(application(a))).not.toBe(fingerprintOf(application(a, b)));
    expect(fingerprintOf(application(a))).not.toBe(fingerprintOf(application({ ...a, endDateTime: '2030-01-01T00:00:00Z' })));
  });

  it('that have ended are named', () => {
    expect(expiredKeyIds(application(foreign('old', { endDateTime: '2026-11-21T00:00:00Z' }), foreign('good'), foreign('odd', { endDateTime: null })), NOW)).toEqual(['old']);
  });

  it('are not read from something else', () => {
    for (const body of [undefined, {}, { id: 'x', appId: 'y' }, { id: 'x', appId: 'y', keyCredentials: null }, { id: 'x', appId: 'y', keyCredentials: [{}] }]) expect(readApplicationKeys(body)).toBeUndefined();
  });

  it('after a write are done, pending or foreign', () => {
    const before = application(foreign('a'));
    expect(judgeReadBack(before, application(foreign('a'), ours()), certificate)).toEqual({ kind: 'done', keyId: keyIdOf(certificate) });
    expect(judgeReadBack(before, application(foreign('A')), certificate)).toEqual({ kind: 'pending' });
    expect(judgeReadBack(before, application(ours()), certificate)).toEqual({ kind: 'foreign', missing: ['a'], unknown: [] });
    expect(judgeReadBack(before, application(foreign('a'), foreign('z'), ours()), certificate)).toEqual({ kind: 'foreign', missing: [], unknown: ['z'] });
  });
});

describe('a proof of possession', () => {
  it('names the application object, lives ten minutes, and is for the directory service', () => {
    const { header, claims } = buildProofOfPossession({ applicationObjectId: 'object-1', thumbprintSha1: 'AB'.repeat(20), now: NOW });
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT', x5t: Buffer.alloc(20, 0xab).toString('base64url') });
    expect(claims).toEqual({ aud: '00000002-0000-0000-c000-000000000000', iss: 'object-1', nbf: NOW / 1000 - 30, exp: NOW / 1000 + 570 });
    expect(() => buildProofOfPossession({ applicationObjectId: 'x', thumbprintSha1: 'AB:CD', now: NOW })).toThrow(RangeError);
  });
});

describe('registering', () => {
  let clock: ReturnType<typeof createMovableClock>;
  let events: AuditEvent[];
  let sent: (GraphRequest & GraphScope)[];
  /** What the n-th read shows; the last one stays. */
  let reads: ApplicationKeys[];
  let writeAnswers: GraphResponse[];
  const input: RegistrationInput = { homeTenantId: 'home', appKey: 'backup', applicationAppId: 'app-1', certificate, actor: 'op-1' };
  const answer = (status: number, body?: unknown): GraphResponse => ({ status, body, requestId: 'r-1' });
  let state: Pick<ReturnType<typeof corePorts>, 'random' | 'store' | 'sealer'>;
  const ports = () => ({
    ...state,
    clock,
    events: { emit: () => undefined },
    audit: { append: (event: AuditEvent) => Promise.resolve(void events.push(event)) },
    graph: {
      send: (scope: GraphScope, request: GraphRequest) => {
        sent.push({ ...scope, ...request });
        if (request.method === 'PATCH') return Promise.resolve(writeAnswers.shift() ?? answer(204));
        const [shown] = reads;
        if (reads.length > 1) reads.shift();
        return Promise.resolve(answer(200, shown));
      },
      list: () => Promise.reject(new Error('not used')),
      batch: () => Promise.reject(new Error('not used')),
    },
  });
  const register = () => registerCertificate(ports(), input);
  const writes = () => sent.filter(({ method }) => method === 'PATCH');

  beforeEach(() => {
    clock = createMovableClock(NOW, { skipsSleeps: true });
    state = corePorts();
    [events, sent, writeAnswers] = [[], [], []];
    reads = [application(foreign('a')), application(foreign('a')), application(foreign('a'), ours())];
  });

  it('reads twice, writes once with everything that was there, and reads until it is seen', async () => {
    expect(await register()).toEqual({ applicationObjectId: 'object-1', keyId: keyIdOf(certificate), alreadyRegistered: false });
    expect(sent.map(({ method, path, fresh }) => [method, path, fresh])).toEqual([
      ['GET', "/applications(appId='app-1')?$select=id,appId,keyCredentials", true],
      ['GET', "/applications(appId='app-1')?$select=id,appId,keyCredentials", true],
      ['PATCH', '/applications/object-1', false],
      ['GET', "/applications(appId='app-1')?$select=id,appId,keyCredentials", true],
    ]);
    expect(writes()[0]?.body).toEqual(buildKeyCredentialsPatch(application(foreign('a')), certificate));
    expect(events.map(({ action, phase, outcome, subject }) => [action, phase, outcome, subject])).toEqual([
      ['certificate.registered', 'intent', undefined, 'app-1'],
      ['certificate.registered', 'outcome', 'done', 'app-1'],
    ]);
  });

  it('writes nothing when the certificate is there, also by another key id', async () => {
    reads = [application(foreign('a'), foreign('portal-upload', { key: keyBase64 }))];
    expect(await register()).toEqual({ applicationObjectId: 'object-1', keyId: 'portal-upload', alreadyRegistered: true });
    expect([writes(), events]).toEqual([[], []]);
  });

  it('builds on a snapshot two reads agree on', async () => {
    const [older, newer] = [application(foreign('a')), application(foreign('a'), foreign('b'))];
    reads = [older, newer, newer, application(foreign('a'), foreign('b'), ours())];
    await register();
    expect(writes()[0]?.body).toEqual(buildKeyCredentialsPatch(newer, certificate));
  });

  it('writes nothing while reads keep disagreeing', async () => {
    reads = Array.from({ length: 20 }, (_, index) => application(foreign(`k${index}`)));
    expect((await refusalOf(register())).code).toBe('KEY_CREDENTIAL_FOREIGN_CHANGE');
    expect(writes()).toEqual([]);
  });

  it('waits for replication, and shrugs at one replica that lags behind everything', async () => {
    const before = application(foreign('a'));
    reads = [before, before, before, application(), before, application(foreign('a'), ours())];
    expect((await register()).alreadyRegistered).toBe(false);
    expect(clock.now() - NOW).toBe(20_000);
  });

  it('reports a foreign change and restores nothing', async () => {
    const before = application(foreign('a'));
    reads = [before, before, application(ours(), foreign('intruder'))];
    const error = await refusalOf(register());
    expect(error).toMatchObject({ code: 'KEY_CREDENTIAL_FOREIGN_CHANGE', details: { missingKeyIds: ['a'], unknownKeyIds: ['intruder'] } });
    expect(writes()).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ phase: 'outcome', outcome: 'failed' });
  });

  it('says when the write is accepted and not visible in time', async () => {
    reads = [application(foreign('a'))];
    expect(await refusalOf(register())).toMatchObject({ code: 'CERTIFICATE_NOT_ACCEPTED', retryable: true });
  });

  it('takes a new snapshot when Microsoft reports a concurrent write, three times at most', async () => {
    const concurrency = answer(409, { error: { code: 'Directory_ConcurrencyViolation' } });
    const before = application(foreign('a'));
    reads = [before, before, before, before, application(foreign('a'), ours())];
    writeAnswers = [concurrency];
    expect((await register()).keyId).toBe(keyIdOf(certificate));
    reads = [before];
    writeAnswers = Array.from({ length: 9 }, () => concurrency);
    sent = [];
    state = corePorts();
    expect((await refusalOf(register())).serviceCode).toBe('Directory_ConcurrencyViolation');
    expect(writes()).toHaveLength(3);
  });

  it('names Microsoft\'s refusal, and the expired entries that may be the cause', async () => {
    reads = [application(foreign('old', { endDateTime: '2026-01-02T00:00:00Z' }))];
    writeAnswers = [answer(400, { error: { code: 'KeyCredentialsInvalidEndDate', message: 'x' } })];
    expect(await refusalOf(register())).toMatchObject({ code: 'KEY_CREDENTIAL_REFUSED', serviceCode: 'KeyCredentialsInvalidEndDate', correlationId: 'r-1', details: { status: 400, expiredKeyIds: ['old'] } });
    expect(events.at(-1)).toMatchObject({ outcome: 'refused' });
  });

  it('does not write on an answer it cannot read, for another app, or for an expired certificate', async () => {
    reads = [{ ...application(), appId: 'another' }];
    expect((await refusalOf(register())).code).toBe('GRAPH_ANSWER_INVALID');
    reads = [application()];
    clock.moveTo(Date.parse(certificate.notAfter));
    expect((await refusalOf(register())).code).toBe('CERTIFICATE_EXPIRED');
    expect([writes(), events]).toEqual([[], []]);
  });

  it('writes nothing when the audit is down', async () => {
    const world = { ...ports(), audit: { append: () => Promise.reject(new OnboardingError('AUDIT_UNAVAILABLE', 'down')) } };
    expect((await refusalOf(registerCertificate(world, input))).code).toBe('AUDIT_UNAVAILABLE');
    expect(writes()).toEqual([]);
  });

  it('stops when the caller gives up', async () => {
    const reason = new Error('enough');
    reads = [application(foreign('a'))];
    await expect(registerCertificate(ports(), { ...input, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('proving', () => {
  const request = { appKey: 'backup', tenantId: 't', resource: 'https://graph.microsoft.com' };
  const refusing = (...codes: readonly ErrorCode[]) => {
    const asked: AppTokenRequest[] = [];
    const tokens = {
      acquire: (tokenRequest: AppTokenRequest) => {
        asked.push(tokenRequest);
        const code = codes[asked.length - 1];
        return code === undefined ? Promise.resolve({ accessToken: secret('x'), expiresAt: 0, claims: undefined }) : Promise.reject(new OnboardingError(code, 'no', { serviceCode: 'AADSTS700027' }));
      },
    };
    return { asked, tokens };
  };

  it('asks for fresh tokens until one is given, first after a while', async () => {
    const clock = createMovableClock(NOW, { skipsSleeps: true });
    const { asked, tokens } = refusing('STS_CREDENTIAL_REFUSED', 'STS_UNAVAILABLE');
    expect(await proveCertificate({ clock, tokens }, request)).toEqual({ acceptedAt: NOW + (15 + 30 + 45) * 1000, attempts: 3 });
    expect(asked.every(({ fresh }) => fresh === true)).toBe(true);
  });

  it('gives up at the deadline with Microsoft\'s code', async () => {
    const clock = createMovableClock(NOW, { skipsSleeps: true });
    const { tokens } = refusing(...Array.from({ length: 50 }, () => 'STS_CREDENTIAL_REFUSED' as const));
    expect(await refusalOf(proveCertificate({ clock, tokens }, { ...request, deadlineSeconds: 100 }))).toMatchObject({ code: 'CERTIFICATE_NOT_ACCEPTED', serviceCode: 'AADSTS700027', details: { reason: 'STS_CREDENTIAL_REFUSED' } });
    expect(clock.now() - NOW).toBeLessThanOrEqual(100_000);
  });

  it('does not wait for what waiting does not mend', async () => {
    const { asked, tokens } = refusing('STS_APP_NOT_IN_TENANT');
    expect((await refusalOf(proveCertificate({ clock: createMovableClock(NOW, { skipsSleeps: true }), tokens }, request))).code).toBe('STS_APP_NOT_IN_TENANT');
    expect(asked).toHaveLength(1);
  });
});
