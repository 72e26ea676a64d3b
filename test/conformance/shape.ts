/**
 * Shapes of JSON values learned from examples, and the differences between an answer and what was learned. Values
 * are not compared: only which members are there, of which kind, null or not, at every depth.
 */

export type Kind = 'guid' | 'string' | 'datetime' | 'datetime.f' | 'number' | 'bool' | 'null' | 'array' | 'object';

/** What the examples showed at one place. */
export interface Shape {
  readonly kinds: Set<Kind>;
  /** How many objects were seen here. */
  objects: number;
  readonly members: Map<string, { seen: number; readonly shape: Shape }>;
  /** What the entries of arrays looked like, all together. */
  items: Shape | undefined;
}

/** Kinds the metadata allows for a member, by the path of member names from the root. */
export type Allowed = (path: readonly string[]) => ReadonlySet<Kind> | undefined;

export interface Oracle {
  readonly shape: Shape;
  readonly metadata: Allowed;
  /** Recordings are many and whole: what they did not show is a difference. An example on a page is one of many. */
  readonly isRecorded: boolean;
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'number';
  if (typeof value !== 'string') return 'object';
  if (GUID.test(value)) return 'guid';
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return 'datetime';
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/.test(value) ? 'datetime.f' : 'string';
}

export function emptyShape(): Shape {
  return { kinds: new Set(), objects: 0, members: new Map(), items: undefined };
}

export function learn(shape: Shape, value: unknown): Shape {
  shape.kinds.add(kindOf(value));
  if (Array.isArray(value)) {
    for (const entry of value) learn((shape.items ??= emptyShape()), entry);
  } else if (isObject(value)) {
    shape.objects += 1;
    for (const [name, member] of Object.entries(value)) {
      const known = shape.members.get(name) ?? { seen: 0, shape: emptyShape() };
      shape.members.set(name, { seen: known.seen + 1, shape: learn(known.shape, member) });
    }
  }
  return shape;
}

/** One line per difference; an empty list means that the answer could have been one of the examples. */
export function differences(value: unknown, oracle: Oracle): string[] {
  return [...new Set(compare(value, oracle.shape, oracle, []))];
}

function compare(value: unknown, shape: Shape, oracle: Oracle, path: readonly string[]): string[] {
  const kind = kindOf(value);
  const accepted = acceptedKinds(shape, oracle, path);
  if (!accepted.has(kind)) return [`${path.join('.') || '(root)'} is ${kind}, accepted are ${[...accepted].join(' or ')}`];
  const { items } = shape;
  if (Array.isArray(value)) return items === undefined ? [] : value.flatMap((entry) => compare(entry, items, oracle, [...path, '[]']));
  return isObject(value) && shape.objects > 0 ? compareMembers(value, shape, oracle, path) : [];
}

function compareMembers(value: Readonly<Record<string, unknown>>, shape: Shape, oracle: Oracle, path: readonly string[]): string[] {
  const missing = [...shape.members].filter(([name, { seen }]) => seen === shape.objects && !Object.hasOwn(value, name) && name !== '@odata.id');
  const present = Object.entries(value).flatMap(([name, member]) => {
    const here = [...path, name];
    const known = shape.members.get(name)?.shape;
    if (known !== undefined) return compare(member, known, oracle, here);
    const kinds = oracle.metadata(here);
    if (kinds === undefined) return [`${here.join('.')} was never seen and is not in the metadata`];
    return kinds.has(kindOf(member)) ? [] : [`${here.join('.')} is ${kindOf(member)}, the metadata has ${[...kinds].join(' or ')}`];
  });
  return [...missing.map(([name]) => `${[...path, name].join('.')} is absent, every example has it`), ...present];
}

// Null is accepted where it was seen; where recordings show only null, the metadata says what else there may be.
function acceptedKinds(shape: Shape, oracle: Oracle, path: readonly string[]): ReadonlySet<Kind> {
  const accepted = new Set(shape.kinds);
  const isOnlyNull = [...accepted].every((kind) => kind === 'null');
  if (isOnlyNull || !oracle.isRecorded) for (const kind of oracle.metadata(path) ?? []) accepted.add(kind);
  // A GUID is a string whose form the example did not happen to have.
  if (accepted.has('string')) accepted.add('guid');
  return accepted;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return kindOf(value) === 'object';
}
