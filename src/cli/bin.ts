#!/usr/bin/env node
/** The executable: one command line, one exit code. Everything else is loaded only on a Node that can run it. */
import { text } from 'node:stream/consumers';
import { refuseOldNode } from './node-floor';

const err = (output: string) => void process.stderr.write(output);

async function start(): Promise<number> {
  const [{ run }, { askHidden }] = await Promise.all([import('./main'), import('./terminal')]);
  const isPersonThere = process.stdin.isTTY && process.stderr.isTTY;
  return run(process.argv.slice(2), {
    out: (output) => void process.stdout.write(output),
    err,
    input: () => text(process.stdin),
    ...(isPersonThere ? { ask: async (prompt) => askHidden(process.stdin, err, prompt) } : {}),
  });
}

const tooOld = refuseOldNode(process.versions.node);
if (tooOld !== undefined) err(`${tooOld}\n`);
// Set, not called: pending output is flushed first.
process.exitCode = tooOld === undefined ? await start() : 1;
