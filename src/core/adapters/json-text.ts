/** JSON from strangers: what cannot be parsed is undefined, and a schema says the rest. */

export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
