/**
 * Next pages. The token in `$skiptoken` is opaque and sealed: it fixes where to go on, the instant the first page
 * was read as of (pages of one listing agree with each other), and the query it belongs to. A client that builds
 * or edits one is refused. Source: Microsoft Graph "Paging Microsoft Graph data in your app".
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { badRequest } from './refusal';

export interface PagePosition {
  readonly offset: number;
  readonly asOfMs: number;
  /** The page before this one was the empty one. */
  readonly afterEmpty?: boolean;
}

const SEAL_BYTES = 16;
const sealKey = randomBytes(32);

/** `binding` is everything the token must not be moved away from: tenant, path and query options. */
export function sealPage(position: PagePosition, binding: string): string {
  const content = Buffer.from(JSON.stringify([position.offset, position.asOfMs, position.afterEmpty === true ? 1 : 0]));
  return Buffer.concat([seal(content, binding), content]).toString('base64url');
}

export function openPage(token: string, binding: string): PagePosition {
  const bytes = Buffer.from(token, 'base64url');
  const content = bytes.subarray(SEAL_BYTES);
  const given = bytes.subarray(0, SEAL_BYTES);
  if (bytes.length <= SEAL_BYTES || bytes.toString('base64url') !== token || !timingSafeEqual(given, seal(content, binding))) {
    throw badRequest('G-ERR-SKIPTOKEN', 'The specified page token value is invalid for this request.');
  }
  const [offset = 0, asOfMs = 0, afterEmpty = 0] = JSON.parse(content.toString('utf8')) as readonly number[];
  return { offset, asOfMs, afterEmpty: afterEmpty === 1 };
}

function seal(content: Buffer, binding: string): Buffer {
  return createHmac('sha256', sealKey).update(binding).update('\0').update(content).digest().subarray(0, SEAL_BYTES);
}
