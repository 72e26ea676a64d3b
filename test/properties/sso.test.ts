import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOnboardingError } from '../../src/core/errors';
import { checkIdToken } from '../../src/core/sso/id-token';
import type { ConsentVerdict, SsoBinding, StandingEvidence } from '../../src/core/sso/model';
import { readSignInCallback } from '../../src/core/sso/sign-in-callback';
import { finishSignIn, startSignIn } from '../../src/core/sso/sign-in';
import { DEFAULT_VALIDATION_POLICY, judgeBinding } from '../../src/core/sso/validation';
import { ADA, APP_ID, AUTHORITY, BOB, BROWSER, fakeSignIn, goodClaims, qualifying, startInput, TENANT, testPorts } from '../core/sso/support';
import { START } from '../support/core-ports';

const EXPECTED = { appId: APP_ID, tenantId: TENANT, authorityHost: AUTHORITY, nonce: 'nonce', codeHash: 'c-hash', accessTokenHash: undefined };
const KEY_ISSUER = `${AUTHORITY}/{tenantid}/v2.0`;
const DECISIVE = ['aud', 'ver', 'tid', 'iss', 'nonce', 'oid', 'sub', 'exp', 'iat'] as const;

describe('checkIdToken', () => {
  it('gives an identity only to claims that say exactly who, for whom and where', () => {
    const good = goodClaims('nonce');
    const claims = fc.record(Object.fromEntries(DECISIVE.map((name) => [name, fc.oneof({ weight: 8, arbitrary: fc.constant(good[name]) }, fc.constantFrom(null, true, 0, -1, 1e300, '', [], {}, [good[name]]), fc.string({ maxLength: 8 }), fc.uuid(), fc.constant(undefined))])));
    fc.assert(
      fc.property(claims, fc.oneof({ weight: 6, arbitrary: fc.constant(KEY_ISSUER) }, fc.constantFrom('', AUTHORITY, `${AUTHORITY}/{tenantid}`, `https://login.example/{tenantid}/v2.0`), fc.constant(undefined)), (changed, keyIssuer) => {
        const verdict = checkIdToken({ claims: { ...good, ...changed }, keyIssuer }, EXPECTED, START);
        if (!verdict.ok) return;
        const mustBeSame = ['aud', 'ver', 'tid', 'iss', 'nonce'];
        expect(Object.fromEntries(mustBeSame.map((name) => [name, changed[name]]))).toEqual(Object.fromEntries(mustBeSame.map((name) => [name, good[name]])));
        expect([keyIssuer, verdict.identity.tenantId, verdict.identity.objectId]).toEqual([KEY_ISSUER, TENANT, String(changed['oid']).toLowerCase()]);
      }),
      { numRuns: 300 },
    );
  });

  it('never takes a nonce that differs in one character', () => {
    fc.assert(
      fc.property(fc.base64String({ minLength: 1, maxLength: 60 }), fc.nat(), fc.integer({ min: 1, max: 127 }), (nonce, at, flip) => {
        const index = at % nonce.length;
        const other = nonce.slice(0, index) + String.fromCharCode(nonce.charCodeAt(index) ^ flip) + nonce.slice(index + 1);
        expect(checkIdToken({ claims: goodClaims(other), keyIssuer: KEY_ISSUER }, { ...EXPECTED, nonce }, START)).toEqual({ ok: false, failed: 'nonce' });
      }),
    );
  });
});

const anyParameters = fc.array(fc.tuple(fc.oneof(fc.constantFrom('state', 'code', 'error', 'error_description', 'session_state'), fc.string()), fc.oneof(fc.string(), fc.constant('S'.repeat(43)))), { maxLength: 8 });

describe('finishSignIn', () => {
  it('answers whatever arrives with a refusal of our own, and never with what it was sent', async () => {
    const ports = testPorts();
    await startSignIn(ports, startInput());
    const signIn = fakeSignIn(() => ({ claims: goodClaims('x'), keyIssuer: KEY_ISSUER }));
    await fc.assert(
      fc.asyncProperty(anyParameters, async (params) => {
        const answer = await finishSignIn({ ...ports, signIn }, { params, browserSecret: BROWSER });
        expect(answer.outcome).toBe('refused');
        expect(answer.outcome === 'refused' && isOnboardingError(answer.error)).toBe(true);
      }),
    );
    expect(signIn.redeemed).toEqual([]);
  });

  it('reads parameters without ever raising', () => {
    fc.assert(fc.property(anyParameters, (params) => ['code', 'error', 'malformed'].includes(readSignInCallback(params).kind)));
  });
});

const standing: fc.Arbitrary<StandingEvidence> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(qualifying()) },
  fc.constant(qualifying(BOB)),
  fc.constant<StandingEvidence>({ outcome: 'unknown', roles: [], reasons: ['unreadable'] }),
  fc.constantFrom('not_found', 'disabled', 'role_missing', 'guest').map((reason): StandingEvidence => ({ ...qualifying(), outcome: 'does_not', reasons: [reason] })),
);
const consent = fc.oneof({ weight: 6, arbitrary: fc.constant<ConsentVerdict>('granted') }, fc.constantFrom<ConsentVerdict>('missing', 'unknown'));

describe('judgeBinding', () => {
  it('is active only after enough spaced good readings in a row, and never against the last one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), standing, consent), { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (readings, readsNeeded) => {
        const policy = { ...DEFAULT_VALIDATION_POLICY, readsNeeded };
        const binding: SsoBinding = { accountId: 'contoso', tenantId: TENANT, userObjectId: ADA, state: 'validating', validatedAt: null, reasons: [], upn: 'a', displayName: 'A', boundAt: START, boundBy: 'op-1', deadlineAt: START + 3_600_000, goodReads: [], sequence: 1, history: [], successor: null };
        let now = START;
        let run: number[] = [];
        for (const [seconds, said, verdict] of readings) {
          now += seconds * 1000;
          const isGood = said.outcome === 'qualifies' && said.person?.objectId === ADA && verdict === 'granted';
          const isContradiction = said.outcome === 'does_not' || said.person?.objectId === BOB || verdict === 'missing';
          if (isGood) run.push(now);
          if (isContradiction) run = [];
          const before = binding.state;
          const { nextCheckAt, ...judged } = judgeBinding({ binding, standing: said, consentVerdict: verdict, now, policy });
          Object.assign(binding, judged);
          expect(nextCheckAt).toBeGreaterThanOrEqual(now);
          if (isContradiction) expect(binding.state).not.toBe('active');
          if (binding.state === 'active' && before !== 'active') {
            expect([isGood, run.length >= readsNeeded]).toEqual([true, true]);
            expect(now - (run[0] ?? now)).toBeGreaterThanOrEqual(readsNeeded > 1 ? policy.spreadSeconds * 1000 : 0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
