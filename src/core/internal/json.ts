/** Text from elsewhere as JSON; undefined when it is none, so that a schema is the one judge of what came. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
