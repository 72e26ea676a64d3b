/**
 * Recorded traffic as stories: every request of a recording is sent again, in order, to the running sandbox, with the
 * ids the sandbox gave in place of the recorded ones. Each answer is held to the recorded one: status, content type,
 * headers, members, kinds, null and absence, and every value that follows from the requests.
 */
import type { RunningSandbox } from '../../src/sandbox/index';
import { issueAccessToken } from '../../src/sandbox/access-tokens';
import permissions from '../../src/sandbox/graph/permissions.json';
import type { Exchange } from './corpus';
import { kindOf } from './shape';
import { send, tenantId, type Reply } from '../sandbox/support';

export interface Story {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
}

type Fields = Readonly<Record<string, unknown>>;

/** What the tenant, the clock or chance decides: only the kind is compared. */
const OWN_VALUES = /(?:^|\.)(?:publisherDomain|appOwnerOrganizationId|hint|secretText|securityIdentifier|request-id|client-request-id|date)$/;
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const HEADERS = ['content-type', 'odata-version', 'location', 'x-ms-resource-unit'];

/** The recorded names for what the sandbox named otherwise. */
export class Translation {
  readonly #given = new Map<string, string>();
  /** Those that are no GUIDs: ids of grants and assignments, names the recorder changed in one place only. */
  readonly #others: string[] = [];

  /** `newer` are the paths that other recordings have where some recording has none. */
  constructor(private readonly newer: ReadonlySet<string>) {}

  isNewer(path: string): boolean {
    return this.newer.has(path);
  }

  learn(recorded: string, given: string): void {
    if (recorded === given || this.#given.has(recorded)) return;
    this.#given.set(recorded, given);
    if (recorded.replace(GUID, '') !== '') this.#others.push(recorded);
  }

  knows(recorded: string): boolean {
    return this.#given.has(recorded);
  }

  apply(text: string): string {
    const whole = this.#given.get(text);
    if (whole !== undefined) return whole;
    const named = text.replaceAll(GUID, (found) => this.#given.get(found.toLowerCase()) ?? found);
    return this.#others.reduce((line, word) => line.replaceAll(word, this.#given.get(word) ?? word), named);
  }

  applyDeep(value: unknown): unknown {
    return typeof value === 'string' ? this.apply(value) : (JSON.parse(this.apply(JSON.stringify(value))) as unknown);
  }
}

export interface Player {
  readonly tenant: string;
  readonly objectId: string;
  readonly appId: string;
}

/** Sends one recorded request as the person who recorded it. */
export function sendRecorded(sandbox: RunningSandbox, player: Player, exchange: Exchange, words: Translation): Promise<Reply> {
  const bearer = issueAccessToken(sandbox.world, {
    tenantId: tenantId(sandbox, player.tenant),
    audience: 'https://graph.microsoft.com',
    appId: player.appId,
    appDisplayName: 'Recorder',
    clientProof: '1',
    subjectObjectId: player.objectId,
    roles: [],
    // A recorded refusal was somebody else's, who had no permission.
    scopes: exchange.status === 403 ? [] : everyScope,
  });
  const { request } = exchange;
  const hasBody = request !== null && request !== undefined;
  return send(sandbox, words.apply(exchange.path).replaceAll(' ', '%20'), {
    method: exchange.method,
    headers: { authorization: `Bearer ${bearer}`, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
    ...(hasBody ? { body: JSON.stringify(words.applyDeep(request)) } : {}),
  });
}

const everyScope = [...new Set(Object.values(permissions).flatMap(({ delegated }) => (delegated as readonly (readonly string[])[]).flat()))];

/** One line per difference between the recorded and the given answer. */
export function compareReply(exchange: Exchange, reply: Reply, words: Translation): string[] {
  if (reply.status !== exchange.status) return [`status is ${reply.status}: ${reply.text.slice(0, 300)}`];
  const body: unknown = reply.text === '' ? null : reply.json();
  // Ids first, so that the location can be understood; an empty recorded body is null.
  const bodies = compareValue(exchange.body ?? null, body, words, []);
  return [...compareHeaders(exchange, reply, words), ...bodies];
}

function compareHeaders(exchange: Exchange, reply: Reply, words: Translation): string[] {
  return HEADERS.flatMap((name) => {
    const recorded = exchange.headers[name];
    const given = reply.headers[name];
    // Recordings of 2020 lack headers that all later ones have.
    if (recorded === undefined) return given === undefined || exchange.headers['x-ms-resource-unit'] === undefined ? [] : [`header ${name} is '${String(given)}', recorded none`];
    if (given === undefined) return [`header ${name} is absent, recorded '${recorded}'`];
    return stripOrigin(words.apply(recorded)) === stripOrigin(String(given)) ? [] : [`header ${name} is '${String(given)}', recorded '${recorded}'`];
  });
}

function compareValue(recorded: unknown, given: unknown, words: Translation, path: readonly string[]): string[] {
  const at = path.join('.') || '(root)';
  const [was, is] = [kindOf(recorded), kindOf(given)];
  if (Array.isArray(recorded) && Array.isArray(given)) return compareLists(recorded, given, words, path);
  if (was === 'object' && is === 'object') return compareObjects(recorded as Fields, given as Fields, words, path);
  if (typeof recorded === 'string' && typeof given === 'string') return compareTexts(recorded, given, words, at);
  if (was !== is) return [`${at} is ${is}, recorded ${was}`];
  return recorded === given ? [] : [`${at} is ${String(given)}, recorded ${String(recorded)}`];
}

function compareObjects(recorded: Fields, given: Fields, words: Translation, path: readonly string[]): string[] {
  const gone = Object.keys(recorded).filter((name) => !Object.hasOwn(given, name));
  const added = Object.keys(given).filter((name) => !Object.hasOwn(recorded, name));
  return [
    ...gone.map((name) => `${[...path, name].join('.')} is absent, recorded ${kindOf(recorded[name])}`),
    // The service grew: a member of newer recordings may be missing from an older one.
    ...added
      .map((name) => [...path, name].join('.'))
      .filter((at) => !words.isNewer(at))
      .map((at) => `${at} is there, recorded absent`),
    ...Object.keys(recorded).flatMap((name) => (Object.hasOwn(given, name) ? compareValue(recorded[name], given[name], words, [...path, name]) : [])),
  ];
}

// Lists were cut when the corpus was made, and the service promises no order.
function compareLists(recorded: readonly unknown[], given: readonly unknown[], words: Translation, path: readonly string[]): string[] {
  const here = [...path, '[]'];
  const cut = recorded.length === (path.at(-1) === 'value' && path.length === 1 ? 12 : 3) || recorded.length === 2;
  if (given.length < recorded.length || (given.length > recorded.length && !cut)) {
    return [`${path.join('.')} has ${given.length} entries, recorded ${recorded.length}`];
  }
  const rest = [...given];
  return recorded.flatMap((entry) => {
    const wanted = identityOf(entry, words);
    const index = Math.max(0, rest.findIndex((other) => wanted !== undefined && identityOf(other, words) === wanted));
    const [other] = rest.splice(index, 1);
    return compareValue(entry, other, words, here);
  });
}

function identityOf(entry: unknown, words: Translation): string | undefined {
  if (typeof entry === 'string') return words.apply(entry);
  const { id, keyId, resourceAppId, uri, name } = (typeof entry === 'object' && entry !== null ? entry : {}) as Fields;
  const key = id ?? keyId ?? resourceAppId ?? uri ?? name;
  return typeof key === 'string' ? words.apply(key) : undefined;
}

function compareTexts(recorded: string, given: string, words: Translation, at: string): string[] {
  if (recorded === '<scrubbed>') return [];
  if (OWN_VALUES.test(at)) return [];
  const isKey = /(?:^|\.)(?:id|appId|keyId)$/.test(at);
  if (isKey && !words.knows(recorded)) words.learn(recorded, given);
  if (stripOrigin(words.apply(recorded)) === stripOrigin(given)) return [];
  const [was, is] = [kindOf(recorded), kindOf(given)];
  if (was.startsWith('datetime') && was === is) return [];
  return [`${at} is '${given.slice(0, 120)}', recorded '${recorded.slice(0, 120)}'`];
}

/** Every path of members in the recordings, lists marked by `[]`, from the root and from each entry of a collection alike. */
export function pathsIn(exchanges: readonly Exchange[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (Array.isArray(value)) for (const entry of value) visit(entry, [...path, '[]']);
    else if (kindOf(value) === 'object') {
      for (const [name, member] of Object.entries(value as Fields)) {
        const here = [...path, name];
        const at = here.join('.').replace(/^value\.\[\]\./, '');
        found.add(at).add(`value.[].${at}`);
        visit(member, here);
      }
    }
  };
  for (const { body } of exchanges) visit(body, []);
  return found;
}

function stripOrigin(text: string): string {
  return text.replace(/^https:\/\/[^/]+/, '').replace(/^(\/v2\/)[0-9a-f-]{36}/, '$1{tenant}');
}
