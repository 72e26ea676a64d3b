/** Asks a person at the terminal for a password. What is typed is never shown; the prompt goes to standard error. */
import type { ReadStream } from 'node:tty';
import { OnboardingError } from '../core/index';

type Terminal = Pick<ReadStream, 'setRawMode' | 'setEncoding' | 'resume' | 'pause' | 'on' | 'off'>;

const ENTER = new Set(['\r', '\n', '\u0004']);
const ERASE = new Set(['\u007f', '\b']);
const INTERRUPT = '\u0003';

/** One line without its end. Rejects when it is interrupted; the terminal is as before in any case. */
export async function askHidden(terminal: Terminal, write: (text: string) => void, prompt: string): Promise<string> {
  write(prompt);
  // The terminal itself would show each key; in raw mode nobody does.
  terminal.setRawMode(true);
  terminal.setEncoding('utf8');
  try {
    return await readKeys(terminal);
  } finally {
    terminal.setRawMode(false);
    terminal.pause();
    write('\n');
  }
}

async function readKeys(terminal: Terminal): Promise<string> {
  const typed: string[] = [];
  return new Promise((resolve, reject) => {
    const onData = (data: string) => {
      for (const key of data) {
        if (key === INTERRUPT) return end(() => reject(new OnboardingError('UNEXPECTED', 'Interrupted. Nothing is lost: run it again.')));
        if (ENTER.has(key)) return end(() => resolve(typed.join('')));
        if (ERASE.has(key)) typed.pop();
        else typed.push(key);
      }
      return undefined;
    };
    const end = (finish: () => void) => {
      terminal.off('data', onData);
      finish();
    };
    terminal.on('data', onData);
    terminal.resume();
  });
}
