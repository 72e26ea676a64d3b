import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { runPlain } from '../../src/cli/commands/context';
import { describeAdmins } from '../../src/cli/commands/journey';
import { count, createOutput, reportFailure } from '../../src/cli/output';
import { startServer } from '../../src/core/adapters/node-server';
import { OnboardingError } from '../../src/core/errors';
import { runCli, startCliStage } from './support';

function capture() {
  const written = { out: '', err: '' };
  return { written, streams: { out: (text: string) => void (written.out += text), err: (text: string) => void (written.err += text) } };
}

/** Clears the screen, sets the window's title, reverses the reading direction. */
const HOSTILE = 'Eve\u001b[2J\u009b1m\u001b]0;owned\u0007\u202e';

describe('what people read on a terminal', () => {
  it('never carries an escape sequence out of a customer\'s directory', async () => {
    const { written, streams } = capture();
    const output = createOutput(streams, {});
    output.result({}, () => `admin\t${HOSTILE}\nnext line`);
    output.say(HOSTILE);
    const context = { streams, exitCode: 0 };
    await runPlain(context, new Command(), async () => {
      throw new OnboardingError('ADMINS_NOT_A_CANDIDATE', `The chosen person cannot be bound. ${HOSTILE}`);
    });
    expect(written.out).toContain('admin\tEve');
    expect(written.out).toContain('\nnext line\n');
    expect(written.err).toContain('ADMINS_NOT_A_CANDIDATE');
    expect(written.out + written.err).not.toMatch(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  });

  it('shows with --verbose where something unforeseen happened, and not what a foreign message quotes', () => {
    const { written, streams } = capture();
    expect(reportFailure(streams, false, true, new TypeError('cannot use hunter2'))).toBe(1);
    expect(written.err).toMatch(/TypeError\n\s+at /);
    expect(written.err).not.toContain('hunter2');
  });

  it('says that nothing is lost when a wait is interrupted', async () => {
    const { written, streams } = capture();
    const context = { streams, exitCode: 0 };
    await runPlain(context, new Command(), async (_output, _flags, signal) => {
      process.emit('SIGTERM');
      signal.throwIfAborted();
      return 0;
    });
    expect(context.exitCode).toBe(1);
    expect(written.err).toContain('Interrupted');
  });
});

it('counts one and several', () => {
  expect([count(0, 'account'), count(1, 'account'), count(2, 'needs attention', 'need attention')]).toEqual(['0 accounts', '1 account', '2 need attention']);
});

it('says of a tenant without an admin to bind what that is called and what to do', () => {
  const shown = describeAdmins({ candidates: [], excluded: [], eligibility: 'listed', groupEligibility: 'listed', signIns: 'not_asked' });
  expect(shown).toMatch(/^ {2}ADMINS_NONE: .+\n {4}next: .+\(customer admin\)/);
});

describe('serve', () => {
  it('names a port that cannot be had, and takes nothing else for a port', async () => {
    const stage = await startCliStage();
    const taken = await startServer({ host: '127.0.0.1', port: 0, handle: async () => ({ status: 404, headers: {}, body: '' }) });
    try {
      expect(await stage.cli('serve', '--port', String(taken.port))).toMatchObject({ code: 3, json: { error: { code: 'INPUT_INVALID', details: { field: 'port', reason: 'EADDRINUSE' } } } });
      for (const port of ['http', '70000', '-1', '80.5']) expect(await stage.cli('serve', `--port=${port}`)).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } });
    } finally {
      await taken.close();
      await stage.stop();
    }
    expect(await runCli(['--json', 'sandbox', 'start', '--port', 'x'])).toMatchObject({ code: 2 });
  });
});
