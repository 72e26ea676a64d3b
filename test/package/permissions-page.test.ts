/**
 * docs/permissions.md against Microsoft's published permissions data: what the page calls the least permission of a request is
 * what the data call so, and every request on it is one the sandbox checks permissions of.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCorpus } from '../conformance/corpus';

interface Entry {
  readonly permission: string;
  readonly schemes: readonly string[];
  readonly least: readonly string[];
}

const page = readFileSync(fileURLToPath(new URL('../../docs/permissions.md', import.meta.url)), 'utf8');
const published = (readCorpus('permissions-by-endpoint.json') as { readonly operations: Readonly<Record<string, readonly Entry[]>> }).operations;

/** `GET /users/{id}/mailFolders/inbox?x` as the data spell it. */
function normalise(request: string): string {
  const [method = '', path = ''] = request.split(' ');
  const plain = path.split('?')[0]?.toLowerCase().replaceAll(/\([^)]*\)/g, '/{id}').replace('/mailfolders/inbox', '/mailfolders/{id}') ?? '';
  return `${method} ${plain}`;
}

/** Rows of the first table that name one request in full, with the permissions of the third column. */
const rows = page
  .slice(page.indexOf('## In the customer tenant'), page.indexOf('## In the home tenant'))
  .split('\n')
  .filter((line) => line.startsWith('| ') || line.startsWith('| |'))
  .flatMap((line) => {
    const [, , asks = '', least = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const requests = [...asks.matchAll(/`((?:GET|POST) \/[^`]+)`/g)].map(([, request = '']) => request);
    const permissions = [...least.matchAll(/`([A-Z]\w*(?:[.-]\w+)+)`/g)].map(([, permission = '']) => permission);
    return requests.map((request, index) => ({ request, permission: permissions[requests.length === permissions.length ? index : 0] }));
  });

describe('the page of permissions', () => {
  it('is read', () => {
    expect(rows.length).toBeGreaterThan(12);
  });

  it.each(rows.filter(({ permission }) => permission !== undefined))('names what $request really needs: $permission', ({ request, permission }) => {
    const entries = published[normalise(request)];
    if (entries === undefined) return expect(NOT_IN_THE_DATA).toContain(normalise(request));
    const entry = entries.find((candidate) => candidate.permission === permission);
    // Reading sign-ins asks for a permission beside the one that opens the list.
    if (request.includes('signInActivity')) return expect(entry).toBeUndefined();
    expect(entry?.schemes).toContain('Application');
    if (WIDER_ON_PURPOSE[normalise(request)] === undefined) expect(entry?.least.join()).toContain('Application');
  });
});

/** Requests whose permissions Microsoft's data do not list; the reference pages do. */
const NOT_IN_THE_DATA = ['GET /directory/deleteditems/microsoft.graph.serviceprincipal'];

/** Where the least permission of the data opens the request and does not show what we ask of it. */
const WIDER_ON_PURPOSE: Readonly<Record<string, string>> = {
  'GET /organization': 'the smaller one manages devices',
  'GET /users': 'the basic one shows neither accountEnabled nor plans',
  'GET /users/{id}': 'the basic one shows neither accountEnabled nor userType',
  'GET /groups': 'the basic one shows neither resourceProvisioningOptions nor members',
  'GET /teams/{id}': 'the one that is granted for a team of its own opens that team only',
};
