/**
 * The oldest Node the command line runs on, as package.json promises it (`engines`). Imports nothing: an older Node must get to the
 * sentence, and not to a stack trace of whatever it lacks first.
 */
const FLOOR = [22, 19] as const;

/** What to say to somebody on this version (like `20.20.2`); undefined when it will do. */
export function refuseOldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) return undefined;
  return `m365-onboarding needs Node ${FLOOR.join('.')} or later, and this is Node ${version}. Install a newer one, or put it first on PATH.`;
}
