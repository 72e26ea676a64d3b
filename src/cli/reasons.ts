/** Reasons as people read them: what is the case, and below it the next step and whose it is. */
import { ERROR_CATALOG, type ErrorCode } from '../core/index';

export function reasonLines(reasons: readonly { readonly code: string; readonly message: string }[]): string[] {
  return reasons.flatMap(({ code, message }) => [`  ${code}: ${message}`, ...(isKnown(code) ? [`    next: ${ERROR_CATALOG[code].remedy} (${ERROR_CATALOG[code].owner})`] : [])]);
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CATALOG, code);
}
