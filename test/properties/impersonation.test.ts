import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../src/core/accounts/access-level';
import { isOnboardingError } from '../../src/core/errors';
import { checkGrant, type GrantVerdict } from '../../src/core/impersonation/grant';
import { decideIssue } from '../../src/core/impersonation/policy';
import { isSafeUrl } from '../../src/core/impersonation/safe-url';
import { publicKeySet } from '../../src/core/impersonation/signing-keys';
import { secret } from '../../src/core/internal/secret';
import { createGrantVerifier, createKeySet, type JsonObject } from '../../src/core/portal';
import { AUDIENCE, createWorld, ISSUER, jwt, redeem, refusal, START } from '../core/impersonation/support';
import { signGrant } from '../core/portal/support';

const world = createWorld();
const good = (await signGrant(world)).reveal();
const keySet = createKeySet({ load: () => publicKeySet(world.ports), clock: world.clock });
const verify = createGrantVerifier({ issuer: ISSUER, audience: AUDIENCE, keySet, jwt, clock: world.clock });

const outcome = async (text: string): Promise<string> => {
  try {
    await verify(secret(text));
    return 'accepted';
  } catch (error) {
    return isOnboardingError(error) ? 'refused' : `not ours: ${String(error)}`;
  }
};

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ %'.split('');

describe('a signed grant', () => {
  it('verifies as it is', async () => {
    expect(await outcome(good)).toBe('accepted');
  });

  it('verifies in no changed form', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom(...alphabet), async (at, character) => {
        fc.pre(good[at] !== character);
        expect(await outcome(good.slice(0, at) + character + good.slice(at + 1))).toBe('refused');
      }),
      { numRuns: 300 },
    );
  });

  it('verifies neither shortened, extended nor reordered', async () => {
    const parts = good.split('.');
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.nat(good.length - 1).map((length) => good.slice(0, length)), fc.string({ minLength: 1 }).map((text) => good + text), fc.shuffledSubarray(parts).filter((some) => some.join('.') !== good).map((some) => some.join('.'))), async (text) => {
        expect(await outcome(text)).toBe('refused');
      }),
      { numRuns: 150 },
    );
  });

  it('gives way to no other text, and every refusal is of our own kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }).map((some) => some.join('.'))), async (text) => {
        expect(await outcome(text)).toBe('refused');
      }),
      { numRuns: 150 },
    );
  });
});

describe('judging claims', () => {
  it('never throws and never accepts what it was not given', () => {
    const claims = fc.dictionary(fc.constantFrom('iss', 'aud', 'sub', 'account_id', 'act', 'access_level', 'reason', 'jti', 'iat', 'nbf', 'exp'), fc.jsonValue());
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('alg', 'typ', 'kid', 'crit'), fc.jsonValue()), claims, fc.double({ noNaN: true }), (header, body, now) => {
        const verdict: GrantVerdict = checkGrant(header as JsonObject, body as JsonObject, { issuer: ISSUER, audience: AUDIENCE }, now);
        expect(verdict.ok).toBe(false);
      }),
    );
  });
});

describe('the policy', () => {
  const level = fc.constantFrom(...ACCESS_LEVELS);
  const facts = fc.record({
    operatorAuthorized: fc.boolean(),
    chained: fc.boolean(),
    reason: fc.string(),
    ownershipProven: fc.boolean(),
    accessLevel: level,
    requestedLevel: fc.option(level, { nil: undefined }),
    bindingState: fc.constantFrom('validating', 'active', 'stale', undefined),
    standing: fc.constantFrom('qualifies', 'does_not', 'unknown'),
    consent: fc.constantFrom('granted', 'missing', 'unknown'),
  });

  it('allows only what is proven, with a reason, and never more than the customer does', () => {
    fc.assert(
      fc.property(facts, (asked) => {
        const decision = decideIssue(asked);
        if (!decision.allowed) return;
        expect(asked).toMatchObject({ operatorAuthorized: true, chained: false, ownershipProven: true, bindingState: 'active', standing: 'qualifies', consent: 'granted' });
        expect(ACCESS_LEVELS.indexOf(decision.accessLevel)).toBeLessThanOrEqual(ACCESS_LEVELS.indexOf(asked.accessLevel));
        expect(decision.reason.length).toBeGreaterThanOrEqual(3);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what strangers can send', () => {
  it('opens nothing as a code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        expect(await refusal(redeem(world, secret(text)))).toBe('IMPERSONATION_CODE_UNKNOWN');
      }),
      { numRuns: 40 },
    );
    expect(world.clock.now()).toBe(START);
  });

  it('is never a safe address unless it is https, or http on this machine', () => {
    const part = fc.constantFrom('', 'localhost', '127.0.0.1', '[::1]', 'portal.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'a@', 'a:b@', ':8443', '/enter', '?code=1', '#x', '\\', '\t');
    const address = fc.tuple(fc.constantFrom('https://', 'http://', 'HTTP://', 'ftp://', 'javascript:', 'http:/', '//'), fc.array(part, { maxLength: 4 })).map(([scheme, parts]) => scheme + parts.join(''));
    fc.assert(
      fc.property(fc.oneof(address, fc.string()), (text) => {
        if (!isSafeUrl(text)) return;
        const url = new URL(text);
        expect(url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)).toBe(true);
        expect([url.search, url.hash, url.username]).toEqual(['', '', '']);
      }),
      { numRuns: 1000 },
    );
  });
});
