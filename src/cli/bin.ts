#!/usr/bin/env node
/** The executable: one command line, one exit code. */
import { run } from './main';

const code = await run(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
// Set, not called: pending output is flushed first.
process.exitCode = code;
