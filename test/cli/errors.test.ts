import { describe, expect, it } from 'vitest';
import { reportFailure } from '../../src/cli/output';
import { OnboardingError } from '../../src/core/errors';
import { findServiceCode } from '../../src/core/service-codes';
import { runCli } from './support';

describe('errors explain', () => {
  it('explains our own codes and Microsoft\'s, without a configuration', async () => {
    expect(await runCli(['--json', 'errors', 'explain', 'consent_declined'])).toMatchObject({ code: 0, json: { code: 'CONSENT_DECLINED', owner: 'customer admin', retryable: false } });
    expect(await runCli(['--json', 'errors', 'explain', 'AADSTS650051'])).toMatchObject({ code: 0, json: { code: 'AADSTS650051', microsoft: { retry: 'wait', wait: { firstSeconds: 300, atMostSeconds: 900 }, ownCode: 'CONSENT_SETTLING' } } });
    expect(await runCli(['--json', 'errors', 'explain', 'Request_ResourceNotFound'])).toMatchObject({ code: 0, json: { microsoft: { lookUpUrl: null } } });
  });

  it('keeps a number nobody has described, and says where Microsoft describes it', async () => {
    expect(await runCli(['--json', 'errors', 'explain', '123456'])).toMatchObject({ code: 0, json: { code: 'AADSTS123456', microsoft: { lookUpUrl: 'https://login.microsoftonline.com/error?code=123456', adminMessage: null } } });
    expect((await runCli(['errors', 'explain', 'aadsts123456'])).out).toContain('correlation id');
  });

  it('refuses what is no code', async () => {
    expect(await runCli(['--json', 'errors', 'explain', 'nonsense'])).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID' } } });
    expect(await runCli(['--json', 'errors', 'explain'])).toMatchObject({ code: 2 });
  });

  it('says in words what to do and what to tell the customer', async () => {
    const { out } = await runCli(['errors', 'explain', 'AADSTS65004']);
    const { means, remedy, adminMessage } = findServiceCode('AADSTS65004') ?? {};
    for (const part of [means, remedy, adminMessage, 'CONSENT_DECLINED']) expect(out).toContain(part);
  });
});

describe('a failure with a code of Microsoft\'s', () => {
  it('shows its meaning, its next step, its evidence and the sentence for the customer\'s admin', () => {
    const written = { out: '', err: '' };
    const streams = { out: (text: string) => void (written.out += text), err: (text: string) => void (written.err += text) };
    const error = new OnboardingError('STS_APP_DISABLED', 'The token endpoint refused the app (AADSTS7000112).', { serviceCode: 'AADSTS7000112', correlationId: 'c-1' });
    reportFailure(streams, false, false, error);
    reportFailure(streams, true, false, error);
    const { means, remedy, adminMessage, owner } = findServiceCode('AADSTS7000112') ?? {};
    for (const part of [means, remedy, adminMessage, 'AADSTS7000112', 'c-1']) expect(written.err).toContain(part);
    expect(JSON.parse(written.out)).toMatchObject({ error: { message: expect.stringContaining(means ?? '-') as string, remedy, owner, adminMessage, serviceCode: 'AADSTS7000112', correlationId: 'c-1' } });
  });
});
