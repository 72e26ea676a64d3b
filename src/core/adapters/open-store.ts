/**
 * From a state URL to a store: `sqlite:PATH` inside the configured folder, `postgres://…`, or `memory:`. A path may not
 * lead out of the folder, neither by `..` nor by a symbolic link. What is refused is never repeated in the message: a URL
 * may carry a password.
 */
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { OnboardingError } from '../errors';
import type { Clock } from '../ports';
import { createMemoryStore, type IdentifiedStore } from './memory-store';
import { openPostgresStore } from './postgres-store';
import { openSqliteStore } from './sqlite-store';

export interface OpenStateOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Relative paths start here, and none may leave it. Created when missing. */
  readonly folder: string;
}

/**
 * Raises `STATE_LOCATION_REFUSED` for a URL that is not understood, leads out of the folder, or to a server that refuses us,
 * and whatever opening the store raises: `STATE_UNAVAILABLE`, `STATE_CORRUPTED`, `STATE_VERSION_UNSUPPORTED`.
 */
export async function openStateStore(url: string, options: OpenStateOptions): Promise<IdentifiedStore> {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(url)?.[0].toLowerCase();
  switch (scheme) {
    case 'memory':
      if (url.length > 'memory:'.length) throw refused('memory: takes nothing after the colon');
      return createMemoryStore({ clock: options.clock });
    case 'sqlite':
      return openSqliteStore({ path: await locate(url.slice('sqlite:'.length), options.folder), clock: options.clock });
    case 'postgres':
    case 'postgresql':
      return openPostgresStore({ url, clock: options.clock });
    default:
      throw refused('it is neither sqlite:PATH nor postgres:// nor memory:');
  }
}

/** The real path of a state file, which need not exist yet. */
async function locate(path: string, folder: string): Promise<string> {
  if (path === '' || path.includes('\0')) throw refused('sqlite: needs a path');
  const root = await resolveLinks(resolve(folder));
  const file = await resolveLinks(resolve(folder, path));
  const inside = relative(root, file);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) throw refused('the path is not inside the configured folder');
  return file;
}

/** Like realpath, but the end of the path may be missing. What is there and leads nowhere is refused: it would be created elsewhere. */
async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (code !== 'ENOENT' || isThere || dirname(path) === path) throw refused('the path cannot be resolved', error);
    return join(await resolveLinks(dirname(path)), basename(path));
  }
}

function refused(reason: string, cause?: unknown): OnboardingError {
  return new OnboardingError('STATE_LOCATION_REFUSED', `The state location is refused: ${reason}.`, cause === undefined ? {} : { cause });
}
