/**
 * The state file as a file: made whole or not at all, private to its owner, and when damaged set aside and left untouched.
 * A file that is empty, foreign or broken is never taken for a fresh store: that would read as "nothing was ever granted".
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, constants, copyFile, link, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const HEADER = 'SQLite format 3\0';

/**
 * Make `path` appear complete, or find that somebody else's is there: `fill` writes a file beside it, which then gets the
 * name in one step that fails when the name is taken. Two processes that start together agree on one file.
 */
export async function createWhole(path: string, fill: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new-${randomUUID()}`;
  await (await open(draft, 'wx', 0o600)).close();
  try {
    await fill(draft);
    await link(draft, path).catch(ignoring('EEXIST'));
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoring('ENOENT', 'ENOTDIR'))) !== undefined;
}

/** Whether the file begins like an SQLite database; an empty file does not. */
export async function looksLikeSqlite(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === HEADER;
  } finally {
    await file.close();
  }
}

/**
 * Copy a damaged file, with its write-ahead log, to `<path>.corrupt-<timestamp>` and give the copy's path. When a copy of
 * the same content is there already, that one is named: a job that runs every minute must not fill the disk.
 */
export async function setAside(path: string, now: number): Promise<string> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.corrupt-`;
  const damage = await fingerprint(path);
  const earlier = (await readdir(folder)).filter((name) => name.startsWith(prefix) && !name.endsWith('-wal'));
  for (const name of earlier) {
    if ((await fingerprint(join(folder, name))) === damage) return join(folder, name);
  }
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const copy = join(folder, `${prefix}${stamp}${earlier.length === 0 ? '' : `-${earlier.length + 1}`}`);
  await copyPrivately(path, copy);
  if (await holdsAnything(`${path}-wal`)) await copyPrivately(`${path}-wal`, `${copy}-wal`);
  return copy;
}

async function copyPrivately(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL);
  await chmod(to, 0o600);
}

async function fingerprint(path: string): Promise<string> {
  return [await digest(path), (await holdsAnything(`${path}-wal`)) ? await digest(`${path}-wal`) : ''].join();
}

/** Looking at a file leaves an empty log beside it. */
async function holdsAnything(path: string): Promise<boolean> {
  return ((await stat(path).catch(ignoring('ENOENT')))?.size ?? 0) > 0;
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A new name is durable only once its folder is. Windows has no such call, and needs none. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(ignoring('EISDIR', 'EPERM', 'EACCES'));
  try {
    await folder?.sync().catch(ignoring('EPERM', 'EINVAL'));
  } finally {
    await folder?.close();
  }
}

function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
}
