// Tests started by an editor or by `npx vitest` bypass the npm scripts, and with them the check of the Node version.
import { refusal } from './require-node24.mjs';

export default function setup(): void {
  const sentence = refusal(process.version);
  if (sentence !== undefined) throw new Error(sentence);
}
