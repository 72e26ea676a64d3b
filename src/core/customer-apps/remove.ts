/**
 * Taking back what was made in the customer's tenant. A registration of ours goes to the tenant's recycle bin, from which it
 * can be restored for thirty days, or for good when that is asked for; it goes only while it still carries the unique name
 * we gave it. Of an adopted one only our key goes. Every act is followed by reads until the directory shows it. Microsoft
 * Graph "Delete application", "Permanently delete item", "Update application".
 */
import * as z from 'zod/v4';
import { OnboardingError } from '../errors';
import { type Asked, type DirectoryAsk, done, get, isSuccess, patiently, pending, readOrAbsent, refusalOf, scopeOf } from '../directory-ask';
import { findByUniqueName } from './application';

const applicationSchema = z.object({ id: z.string().min(1), appId: z.string(), uniqueName: z.string().nullish() });
const itemSchema = z.object({ id: z.string() });
/** Many times what Microsoft Entra ID lets an application hold; a longer list is no answer of it. */
const MAX_KEYS = 5000;
const entrySchema = z.looseObject({ keyId: z.string() });
const keysSchema = z.object({ id: z.string().min(1), appId: z.string(), keyCredentials: z.array(entrySchema).max(MAX_KEYS) });

/** What the directory shows after the act. */
export interface RemovalEvidence {
  readonly applicationGone: boolean;
  /** Still restorable by the customer's admin. */
  readonly inRecycleBin: boolean;
}

export interface RegisteredApplication {
  readonly uniqueName: string;
  /** Null while it is not known whether the application was ever made. */
  readonly objectId: string | null;
  readonly servicePrincipalId: string | null;
  /** When Graph was asked to make it; null when it never was. */
  readonly askedAt: number | null;
  readonly purge: boolean;
}

/** An application that was asked for and is still not shown after this was never made. */
const MADE_WITHIN_MS = 15 * 60_000;

/**
 * Least permission (delegated): Application.ReadWrite.All. Raises `CUSTOMER_APP_FOREIGN`, `CUSTOMER_APP_NOT_ALLOWED`,
 * `CUSTOMER_APP_TOKEN_REFUSED`, `CUSTOMER_APP_REFUSED`, and what the transport raises.
 */
export async function removeApplication(ask: DirectoryAsk, app: RegisteredApplication): Promise<Asked<RemovalEvidence>> {
  const objectId = app.objectId ?? (app.askedAt === null ? undefined : await findMade(ask, app.uniqueName));
  if (objectId === undefined) {
    const mayAppear = app.askedAt !== null && ask.clock.now() - app.askedAt < MADE_WITHIN_MS;
    return mayAppear ? pending('Whether Graph made the app registration is not known yet: its answer was lost.') : done({ applicationGone: true, inRecycleBin: false });
  }
  await deleteOurs(ask, objectId, app.uniqueName);
  const gone = await patiently(ask, async () => ((await isThere(ask, `/applications/${encodeURIComponent(objectId)}`)) ? pending('The app registration is still shown.') : done(undefined)));
  if (gone.kind === 'pending') return gone;
  if (app.purge) return purge(ask, [objectId, ...(app.servicePrincipalId === null ? [] : [app.servicePrincipalId])]);
  return done({ applicationGone: true, inRecycleBin: await isThere(ask, `/directory/deletedItems/${encodeURIComponent(objectId)}`) });
}

/** An answer that was lost may have made one that only patience shows. */
async function findMade(ask: DirectoryAsk, uniqueName: string): Promise<string | undefined> {
  const found = await patiently(ask, async () => {
    const application = await findByUniqueName(ask, uniqueName);
    return application === undefined ? pending('There is no such app registration.') : done(application.id);
  });
  return found.kind === 'done' ? found.value : undefined;
}

async function deleteOurs(ask: DirectoryAsk, objectId: string, uniqueName: string): Promise<void> {
  const what = 'Deleting the app registration';
  const path = `/applications/${encodeURIComponent(objectId)}`;
  const present = readOrAbsent(ask, await get(ask, `${path}?$select=id,appId,uniqueName`), applicationSchema, what);
  if (present === undefined) return;
  if (present.uniqueName !== uniqueName) throw new OnboardingError('CUSTOMER_APP_FOREIGN', 'The app registration does not carry the unique name it was made under; it was left alone.', { details: { objectId } });
  const answer = await ask.graph.send(scopeOf(ask), { method: 'DELETE', path });
  if (!isSuccess(answer) && answer.status !== 404) throw refusalOf(ask, answer, what);
}

async function purge(ask: DirectoryAsk, ids: readonly string[]): Promise<Asked<RemovalEvidence>> {
  const what = 'Deleting for good';
  return patiently(ask, async () => {
    for (const id of ids) {
      const answer = await ask.graph.send(scopeOf(ask), { method: 'DELETE', path: `/directory/deletedItems/${encodeURIComponent(id)}` });
      if (!isSuccess(answer) && answer.status !== 404) throw refusalOf(ask, answer, what);
    }
    for (const id of ids) if (await isThere(ask, `/directory/deletedItems/${encodeURIComponent(id)}`)) return pending('The recycle bin still shows it.');
    return done({ applicationGone: true, inRecycleBin: false });
  });
}

async function isThere(ask: DirectoryAsk, path: string): Promise<boolean> {
  return readOrAbsent(ask, await get(ask, path), itemSchema, 'Reading whether it is gone') !== undefined;
}

/** What our own writers know of the registration's keys. */
export interface KeyGuard {
  /** The read does not show yet what one of our writers did, so nothing may be written back from it. */
  readonly isOld: (keys: ReadKeys) => boolean;
  /** Called before the write; raises when somebody else may be writing by now. */
  readonly keep: () => Promise<void>;
}

/**
 * Takes one key off a registration; every other entry goes back as it was read by two reads that agree and that no writer of
 * ours contradicts. There is no ETag: another writer can slip between. Sent once: by the time of a repetition the snapshot
 * could be an old one. Raises like {@link removeApplication}, `KEY_CREDENTIAL_FOREIGN_CHANGE`, `KEY_CREDENTIAL_STALE` while
 * the directory is behind our own last change, and what `keep` raises.
 */
export async function removeKey(ask: DirectoryAsk, objectId: string, keyId: string, guard: KeyGuard): Promise<Asked<RemovalEvidence>> {
  const what = 'Taking the key off the app registration';
  const snapshot = await readSnapshot(ask, objectId, what, guard);
  if (snapshot === undefined || !holdsKey(snapshot, keyId)) return done({ applicationGone: snapshot === undefined, inRecycleBin: false });
  const keyCredentials = withoutKey(snapshot, keyId);
  await guard.keep();
  const answer = await ask.graph.send(scopeOf(ask), { method: 'PATCH', path: `/applications/${encodeURIComponent(objectId)}`, body: { keyCredentials }, once: true });
  if (!isSuccess(answer)) throw refusalOf(ask, answer, what);
  return patiently(ask, async () => {
    const now = await readKeys(ask, objectId, what);
    return now !== undefined && holdsKey(now, keyId) ? pending('The key is still shown.') : done({ applicationGone: now === undefined, inRecycleBin: false });
  });
}

export type ReadKeys = z.infer<typeof keysSchema>;

/** Pure: what a PATCH sends back. */
export function withoutKey({ keyCredentials }: ReadKeys, keyId: string): readonly object[] {
  return keyCredentials.filter((entry) => entry.keyId.toLowerCase() !== keyId.toLowerCase()).map((entry) => ({ ...entry, key: null }));
}

function holdsKey({ keyCredentials }: ReadKeys, keyId: string): boolean {
  return keyCredentials.some((entry) => entry.keyId.toLowerCase() === keyId.toLowerCase());
}

async function readSnapshot(ask: DirectoryAsk, objectId: string, what: string, { isOld }: KeyGuard): Promise<ReadKeys | undefined> {
  let previous: string | undefined;
  let wasOld = false;
  const agreed = await patiently(ask, async () => {
    const keys = await readKeys(ask, objectId, what);
    wasOld = keys !== undefined && isOld(keys);
    if (wasOld) return pending('The directory is behind our own last change.');
    const text = JSON.stringify(keys?.keyCredentials.map(({ key: _key, ...entry }) => entry) ?? null);
    if (text === previous) return done(keys);
    previous = text;
    return pending('Two reads differ.');
  });
  if (agreed.kind === 'done') return agreed.value;
  if (wasOld) throw new OnboardingError('KEY_CREDENTIAL_STALE', 'The directory does not show the last change of the app\'s key credentials yet; nothing was written.');
  throw new OnboardingError('KEY_CREDENTIAL_FOREIGN_CHANGE', 'The app\'s key credentials keep changing; nothing was written.');
}

async function readKeys(ask: DirectoryAsk, objectId: string, what: string): Promise<ReadKeys | undefined> {
  return readOrAbsent(ask, await get(ask, `/applications/${encodeURIComponent(objectId)}?$select=id,appId,keyCredentials`), keysSchema, what);
}
