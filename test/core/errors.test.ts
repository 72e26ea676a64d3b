import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOG } from '../../src/core/error-catalog';
import { asOnboardingError, hasCode, isOnboardingError, OnboardingError, toPublicError } from '../../src/core/errors';
import { findServiceCode } from '../../src/core/service-codes';
import { isSecret, secret, Secret } from '../../src/core/internal/secret';

const PUBLIC_CODES = ['invalid', 'expired', 'wrong_account', 'declined', 'not_allowed', 'try_later', 'failed'];

describe('an error', () => {
  it('carries what a program needs and whose move it is', () => {
    const error = new OnboardingError('STS_THROTTLED', 'Slow down.', { retryAfterSeconds: 7, serviceCode: 'AADSTS90055', correlationId: 'c-1' });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'STS_THROTTLED',
      message: `Slow down. ${findServiceCode('AADSTS90055')?.means}`,
      retryable: true,
      retryAfterSeconds: 7,
      remedy: findServiceCode('AADSTS90055')?.remedy,
      adminMessage: findServiceCode('AADSTS90055')?.adminMessage,
      owner: 'microsoft',
      serviceCode: 'AADSTS90055',
      correlationId: 'c-1',
    });
  });

  it('keeps its cause for a debugger and out of its JSON', () => {
    const cause = new Error('Bearer abc.def.ghi');
    const error = new OnboardingError('UNEXPECTED', 'x', { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error)).not.toContain('abc.def');
  });

  it('is recognised from another copy of the package, and nothing else is', () => {
    const foreignCopy = Object.assign(new Error('x'), { code: 'STATE_CONFLICT', [Symbol.for('m365-onboarding.error')]: true });
    expect(isOnboardingError(foreignCopy)).toBe(true);
    expect(hasCode(foreignCopy, 'STATE_UNAVAILABLE', 'STATE_CONFLICT')).toBe(true);
    expect(hasCode(foreignCopy, 'STATE_UNAVAILABLE')).toBe(false);
    for (const other of [new Error('x'), { code: 'STATE_CONFLICT' }, null, undefined, 'STATE_CONFLICT']) expect(isOnboardingError(other)).toBe(false);
  });

  it('replaces a foreign error without repeating its message', () => {
    const foreign = new Error('client_secret=hunter2');
    const wrapped = asOnboardingError(foreign);
    expect(wrapped.code).toBe('UNEXPECTED');
    expect(wrapped.cause).toBe(foreign);
    expect(JSON.stringify(wrapped) + wrapped.message).not.toContain('hunter2');
    expect(asOnboardingError(wrapped)).toBe(wrapped);
  });
});

describe('a stranger', () => {
  it.each(Object.keys(ERROR_CATALOG) as (keyof typeof ERROR_CATALOG)[])('learns one of a handful of words from %s', (code) => {
    const shown = toPublicError(new OnboardingError(code, 'tenant contoso.example, operator op-1', { details: { tenant: 'contoso.example' }, serviceCode: 'AADSTS65004' }));
    expect(Object.keys(shown)).toEqual(['code']);
    expect(PUBLIC_CODES).toContain(shown.code);
  });

  it('learns nothing from an error that is not ours', () => {
    expect(toPublicError(new TypeError('at /secret/path'))).toEqual({ code: 'failed' });
    expect(toPublicError('boom')).toEqual({ code: 'failed' });
  });
});

describe('the catalog', () => {
  it('says for every code what it means and what to do, as sentences', () => {
    const unfinished = Object.entries(ERROR_CATALOG).filter(([, { means, remedy }]) => ![means, remedy].every((text) => /^["A-Z].*\.$/.test(text)));
    expect(unfinished.map(([code]) => code)).toEqual([]);
  });
});

describe('a secret', () => {
  const held = secret('hunter2');

  it('shows itself in no text, JSON or inspection', () => {
    const shown = [String(held), held.toString(), JSON.stringify({ held }), inspect(held), inspect({ deep: [held] }, { depth: 9, showHidden: true }), JSON.stringify(Object.entries(held))];
    expect(shown.join('\n')).not.toContain('hunter2');
    expect(held.reveal()).toBe('hunter2');
  });

  it('is wrapped once and recognised by its brand', () => {
    expect(secret(held)).toBe(held);
    expect(isSecret(held)).toBe(true);
    expect(isSecret({ reveal: () => 'x' })).toBe(false);
    expect(secret('x')).toBeInstanceOf(Secret);
  });

  it('does not survive a structured clone, so that it cannot travel by accident', () => {
    expect(JSON.stringify(structuredClone({ held }))).not.toContain('hunter2');
  });
});
