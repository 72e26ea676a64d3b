/** docs/storage-schema.md is what a person repairs a store by: it must name every record, and how it is protected. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = /^## Records$[\s\S]*?(?=^## )/m.exec(readFileSync(`${root}docs/storage-schema.md`, 'utf8'))?.[0] ?? '';
const sources = globSync('src/core/**/*.ts', { cwd: root }).map((path) => readFileSync(`${root}${path}`, 'utf8'));

const rows = new Map([...page.matchAll(/^\| `([a-z-]+\/[a-z-]+)` \|.*\| (.*?) ?\|$/gm)].map(([, kind = '', protection = '']) => [kind, protection]));

/** Record kinds declared with an object, claims, and bare marks under a prefix. */
const declared = sources.flatMap((source) => [
  ...[...source.matchAll(/RecordKind<.*> = \{ kind: '([^']+)'(.*)\};/g)].map(([, kind = '', rest = '']) => ({ kind, authenticated: rest.includes('authenticated: true') })),
  ...[...source.matchAll(/= claimKind\('([^']+)'\)/g)].map(([, kind = '']) => ({ kind, authenticated: true })),
  ...[...source.matchAll(/_PREFIX = '([^']+)\/'/g)].map(([, kind = '']) => ({ kind, authenticated: false })),
]);

describe('the storage schema', () => {
  it('has a row for every record kind, and none for a kind that is gone', () => {
    expect(declared.length).toBeGreaterThan(15);
    expect([...rows.keys()].sort()).toEqual(declared.map(({ kind }) => kind).sort());
  });

  it('says of each kind whether it is authenticated, as the code has it', () => {
    for (const { kind, authenticated } of declared) expect(rows.get(kind)?.includes('authenticated'), kind).toBe(authenticated);
  });
});
