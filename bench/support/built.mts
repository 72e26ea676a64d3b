/** The built package, which is what people run. What the front doors do not export is loaded by its file. */
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A built file, as its source is typed: `await built<typeof Source>('dist/…')`, with `import type * as Source`. */
export async function built<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(root + path).href)) as T;
}
