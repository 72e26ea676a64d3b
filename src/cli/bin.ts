#!/usr/bin/env node
/** The executable: one command line, one exit code. */
import { text } from 'node:stream/consumers';
import { run } from './main';

const code = await run(process.argv.slice(2), {
  out: (output) => void process.stdout.write(output),
  err: (output) => void process.stderr.write(output),
  input: () => text(process.stdin),
});
// Set, not called: pending output is flushed first.
process.exitCode = code;
