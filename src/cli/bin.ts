#!/usr/bin/env node
/** The executable: one command line, one exit code. */
import { text } from 'node:stream/consumers';
import { run } from './main';
import { askHidden } from './terminal';

const err = (output: string) => void process.stderr.write(output);
const isPersonThere = process.stdin.isTTY && process.stderr.isTTY;
const code = await run(process.argv.slice(2), {
  out: (output) => void process.stdout.write(output),
  err,
  input: () => text(process.stdin),
  ...(isPersonThere ? { ask: async (prompt) => askHidden(process.stdin, err, prompt) } : {}),
});
// Set, not called: pending output is flushed first.
process.exitCode = code;
