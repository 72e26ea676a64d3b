/**
 * How long a service asks us to wait: whole seconds, decimals (seen inside Graph batches) or an HTTP date, RFC 9110
 * section 10.2.3. A date is measured against the answer's own `Date` header, so that a wrong clock here does no harm.
 */

/** Seconds until a repeat is welcome, never negative; undefined when absent or unreadable. `now` in milliseconds. */
export function readRetryAfterSeconds(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value);
  const at = Date.parse(value);
  if (Number.isNaN(at)) return undefined;
  const sentAt = Date.parse(headers['date'] ?? '');
  return Math.max(0, (at - (Number.isNaN(sentAt) ? now : sentAt)) / 1000);
}
