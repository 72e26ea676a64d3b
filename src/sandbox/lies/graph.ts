/** The lies about what Graph shows of an object, over rows that are already in their wire form. */
import type { JsonObject } from '../jwt';
import { isLying, tell } from './truth';

/** An answer on its way out, its headers in lower case. */
interface Outgoing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

export function tellHeaders<Response extends Outgoing>(world: object, response: Response): Response {
  if (!isLying(world, 'L-REQUEST-ID') && !isLying(world, 'L-CONTENT-TYPE')) return response;
  const { 'request-id': requestId, ...others } = response.headers;
  const isJson = response.status < 400 && String(others['content-type'] ?? '').startsWith('application/json');
  return {
    ...response,
    headers: {
      ...others,
      ...(requestId === undefined || isLying(world, 'L-REQUEST-ID') ? {} : { 'request-id': requestId }),
      ...(isJson && isLying(world, 'L-CONTENT-TYPE') ? { 'content-type': 'application/json' } : {}),
    },
  };
}

export function tellRow(world: object, row: JsonObject): JsonObject {
  return tell(world, 'L-NULL-ABSENT', row, () => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

export function tellUser(world: object, user: JsonObject): JsonObject {
  return tell(world, 'L-USER-TYPE', user, () => ({ ...user, ...('userType' in user ? { userType: 'Member' } : {}) }));
}

/** Where a page ends and the next one begins. */
export function tellPage(world: object, end: number, total: number): { readonly next: number; readonly hasNext: boolean } {
  const hasNext = end < total;
  if (hasNext && isLying(world, 'L-PAGE-LOST')) return { next: end + 1, hasNext };
  if (hasNext && isLying(world, 'L-PAGE-REPEATED')) return { next: end - 1, hasNext };
  return !hasNext && isLying(world, 'L-PAGE-END') ? { next: total, hasNext: true } : { next: end, hasNext };
}

/** The answers of a batch; with each other's ids where more than one was asked. */
export function tellItems(world: object, items: readonly JsonObject[]): readonly JsonObject[] {
  const exchanged = (item: JsonObject, index: number) => ({ ...item, id: items[(index + 1) % items.length]?.id });
  const named = items.length > 1 && isLying(world, 'L-BATCH-ID') ? items.map(exchanged) : items;
  return tell(world, 'L-BATCH-STATUS', named, (all) => all.map((item) => ({ ...item, status: 200 })));
}

/** What the permissions of a token open. */
export function tellAccess<Access extends string>(world: object, access: Access): Access | 'full' {
  if (access === 'full' || isLying(world, 'L-GRAPH-PERMISSION')) return 'full';
  return access === 'own' && isLying(world, 'L-GRAPH-OWNED') ? 'full' : access;
}

interface ShownKey {
  readonly key: string;
}

/** An application as it is shown; `kept` are its key credentials as they are stored, in the same order. */
export function tellApplication(world: object, view: JsonObject, kept: readonly ShownKey[], withKeys: boolean): JsonObject {
  const shown = Array.isArray(view.keyCredentials) ? (view.keyCredentials as readonly JsonObject[]) : [];
  return { ...view, keyCredentials: shown.map((entry, index) => tellKeyCredential(world, entry, kept[index]?.key ?? null, withKeys)) };
}

function tellKeyCredential(world: object, shown: JsonObject, key: string | null, withKey: boolean): JsonObject {
  const base64 = Buffer.from(String(shown.customKeyIdentifier), 'hex').toString('base64');
  const identified = tell(world, 'L-KEY-IDENTIFIER', shown, () => ({ ...shown, customKeyIdentifier: base64 }));
  if (withKey) return tell(world, 'L-KEY-HIDDEN', identified, (all) => ({ ...all, key: null }));
  return tell(world, 'L-KEY-SHOWN', identified, (all) => ({ ...all, key }));
}

/** The key credentials that a PATCH leaves behind. */
export function tellReplaced<Key extends { readonly keyId: string }>(world: object, before: readonly Key[], after: readonly Key[]): readonly Key[] {
  const appended = tell(world, 'L-KEY-APPEND', after, () => [...before.filter(({ keyId }) => after.every((key) => key.keyId !== keyId)), ...after]);
  return tell(world, 'L-KEY-LOST', appended, () => before);
}
