import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStateStore } from '../../../src/core/adapters/open-store';
import { createMovableClock } from '../../../src/core/testing/movable-clock';

const clock = createMovableClock(0);
let base: string;
let folder: string;

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'open-store-')));
  folder = join(base, 'state');
});
afterEach(() => rmSync(base, { recursive: true }));

const open = (url: string) => openStateStore(url, { clock, folder });
const refused = expect.objectContaining({ code: 'STATE_LOCATION_REFUSED' });

describe('a sqlite state location', () => {
  it('is made private inside the folder, and keeps its store id', async () => {
    const first = await open('sqlite:deep/down/state.db');
    await first.set('k', 'v');
    await first.close();
    const file = join(folder, 'deep/down/state.db');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);

    const again = await open(`sqlite:${file}`);
    expect(again.storeId).toBe(first.storeId);
    expect((await again.get('k'))?.value).toBe('v');
    await again.close();
  });

  it.each(['', '.', '..', '../outside.db', 'a/../../outside.db', '/etc/state.db', 'state.db\0.txt'])('refuses the path %j', async (path) => {
    await expect(open(`sqlite:${path}`)).rejects.toEqual(refused);
  });

  it('refuses a sibling whose name merely begins like the folder', async () => {
    await expect(open(`sqlite:${folder}-other/state.db`)).rejects.toEqual(refused);
  });

  it('refuses symbolic links that lead out of the folder, also when their target is not there yet', async () => {
    mkdirSync(folder);
    mkdirSync(join(base, 'elsewhere'));
    symlinkSync(join(base, 'elsewhere'), join(folder, 'door'));
    symlinkSync(join(base, 'elsewhere', 'new.db'), join(folder, 'dangling.db'));
    await expect(open('sqlite:door/state.db')).rejects.toEqual(refused);
    await expect(open('sqlite:dangling.db')).rejects.toEqual(refused);
  });

  it('accepts a folder that is itself reached by a symbolic link', async () => {
    mkdirSync(folder);
    symlinkSync(folder, join(base, 'alias'));
    const store = await openStateStore('sqlite:state.db', { clock, folder: join(base, 'alias') });
    await store.close();
    expect(statSync(join(folder, 'state.db')).isFile()).toBe(true);
  });
});

describe('other state locations', () => {
  it('memory: gives a store with an id of its own', async () => {
    const [one, two] = [await open('memory:'), await open('memory:')];
    expect(one.claimScope).toBe('process');
    expect(one.storeId).not.toBe(two.storeId);
  });

  it('refuses what it does not know, without repeating a password', async () => {
    const urls = ['postgres://app:hunter2@db', 'postgresql://app:hunter2@db/state?sslmode=none', 'postgres:hunter2', 'redis://:hunter2@cache', 'hunter2', 'memory:hunter2', ''];
    for (const url of urls) {
      const error: unknown = await open(url).catch((thrown: unknown) => thrown);
      expect(error, url).toEqual(refused);
      expect(inspect(error)).not.toContain('hunter2');
    }
  });
});
