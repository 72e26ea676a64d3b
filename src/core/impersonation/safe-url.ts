/**
 * Where a one-time code, a grant or keys may travel: https, or plain http that never leaves this machine (the demo and
 * tests). No credentials in the address, no query and no fragment, since those end up in logs and histories.
 */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Pure. False for anything that does not parse. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (text.includes('?') || text.includes('#')) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}
