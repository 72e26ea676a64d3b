/** A password typed at the terminal: never shown, corrected by backspace, and the terminal is given back as it was. */
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/main';
import { askHidden } from '../../src/cli/terminal';
import { OnboardingError } from '../../src/core/errors';
import { withPassword } from '../../src/cli/files';

function fakeTerminal() {
  const emitter = new EventEmitter();
  const modes: boolean[] = [];
  const terminal = Object.assign(emitter, {
    setRawMode: (mode: boolean) => (modes.push(mode), terminal),
    setEncoding: () => terminal,
    resume: () => terminal,
    pause: () => terminal,
  });
  return { terminal: terminal as unknown as Parameters<typeof askHidden>[0], modes, type: (keys: string) => emitter.emit('data', keys), listeners: () => emitter.listenerCount('data') };
}

async function typing(...pieces: readonly string[]) {
  const { terminal, modes, type, listeners } = fakeTerminal();
  let shown = '';
  const asked = askHidden(terminal, (text) => void (shown += text), 'Password: ').then((answer) => ({ answer }), (error: unknown) => ({ error }));
  for (const piece of pieces) type(piece);
  return { ...(await asked), shown, modes, left: listeners() };
}

describe('asking for a password at the terminal', () => {
  it.each([
    [['hunter2\r'], 'hunter2'],
    [['hun', 'ter2', '\n'], 'hunter2'],
    [['hunterr\u007f2\r'], 'hunter2'],
    [['\b\bpä🔑x\u007f\r'], 'pä🔑'],
    [['🔑\u007f\r'], ''],
    [[' hunter2 \u0004'], ' hunter2 '],
  ])('reads %j without showing it', async (pieces, password) => {
    expect(await typing(...pieces)).toEqual({ answer: password, shown: 'Password: \n', modes: [true, false], left: 0 });
  });

  it('ends with an interrupt, and gives the terminal back', async () => {
    expect(await typing('hun\u0003')).toMatchObject({ error: expect.any(OnboardingError) as Error, shown: 'Password: \n', modes: [true, false], left: 0 });
  });
});

describe('the password of a file', () => {
  const streams = (answers: readonly string[]) => {
    const left = [...answers];
    return { out: () => undefined, err: () => undefined, input: () => Promise.resolve('from input\n'), ask: async () => Promise.resolve(left.shift() ?? 'asked too often') };
  };
  const wanted = new OnboardingError('PFX_PASSWORD_REQUIRED', 'needs one');
  const opening = async (answers: readonly string[], flags: Parameters<typeof withPassword>[1]) => {
    const seen: (readonly [string | null | undefined, string | undefined])[] = [];
    await withPassword(streams(answers), flags, async ({ password, repeatedPassword }) => {
      seen.push([password === null ? null : password?.reveal(), repeatedPassword?.reveal()]);
      if (password === undefined) throw wanted;
      return Promise.resolve();
    });
    return seen;
  };

  it('is asked for twice when the file wants one and no flag names it', async () => {
    expect(await opening(['hunter2', 'hunter3'], {})).toEqual([[undefined, undefined], ['hunter2', 'hunter3']]);
  });

  it('is read once from standard input, and not asked for', async () => {
    expect(await opening([], { passwordStdin: true })).toEqual([['from input', undefined]]);
    expect(await opening([], { passwordNull: true })).toEqual([[null, undefined]]);
  });

  it('is not asked for when nobody is there', async () => {
    await expect(withPassword({ out: () => undefined, err: () => undefined }, {}, () => Promise.reject(wanted))).rejects.toBe(wanted);
  });

  it('is never an argument', async () => {
    let err = '';
    expect(await run(['certificate', 'import', 'x.pfx', '--name', 'x', '--password', 'hunter2'], { out: () => undefined, err: (text) => void (err += text) })).toBe(2);
    expect(err).not.toContain('hunter2');
  });
});
