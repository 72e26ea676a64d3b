// Every script runs on the Node 24 that comes as a devDependency. An install without install scripts leaves no such
// binary, and npm would then silently use whatever Node is on PATH: this stops at once instead, with the way out.
// Plain JavaScript that Node 12 can parse, because an old Node is exactly who has to read it.
import { pathToFileURL } from 'node:url';

const REQUIRED_MAJOR = 24;

/** The sentence to print, or undefined when `version` (like `v24.21.0`) will do. */
export function refusal(version) {
  const major = Number(version.replace(/^v/, '').split('.')[0]);
  if (major >= REQUIRED_MAJOR) return undefined;
  return (
    'These scripts need Node ' + REQUIRED_MAJOR + ', but this is Node ' + version.replace(/^v/, '') + '. ' +
    'Node ' + REQUIRED_MAJOR + ' comes with the dev dependency "node", whose install script was not run: ' +
    'delete node_modules and run `npm ci` with install scripts allowed (no --ignore-scripts).'
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const sentence = refusal(process.version);
  if (sentence !== undefined) {
    console.error(sentence);
    process.exit(1);
  }
}
