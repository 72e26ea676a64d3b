/**
 * Who may import whom. A folder's promise ("the rooms never touch the network", "the sandbox shares nothing with the
 * core it judges") holds only as long as no import breaks it, and one careless import is never seen in a review.
 */
import { builtinModules } from 'node:module';
import { importsOf, type Finding, type Import, type SourceTree } from './source-tree';

const ROOMS = new Set(['accounts', 'consent', 'admins', 'sso', 'impersonation', 'certificates', 'customer-apps', 'audit']);
const FRAME_FILES = new Set(['ports', 'ports-microsoft', 'errors', 'error-catalog', 'service-codes', 'explanation', 'records', 'sealing', 'directory-ask']);
const CORRIDOR_FILES = new Set(['onboarding', 'routes', 'configuration']);
const CORRIDOR_FOLDERS = new Set(['corridor', 'fleet']);

type Zone =
  | 'internal' | 'frame' | 'corridor' | 'composition' | 'front door' | 'adapters' | 'portal' | 'testing'
  | 'nodes' | 'nodes host' | 'credentials' | 'sandbox' | 'cli' | 'verify-tenant' | 'examples'
  | `room ${string}`;

interface Wall {
  /** Zones whose files may be imported; types are further allowed from `types`. */
  readonly zones: (zone: Zone) => boolean;
  readonly types?: (zone: Zone) => boolean;
  /** Packages and built-ins. */
  readonly packages: (name: string) => boolean;
  readonly packageTypes?: (name: string) => boolean;
  readonly why: string;
}

const isRoom = (zone: Zone) => zone.startsWith('room ');
const oneOf = (...zones: readonly Zone[]) => (zone: Zone) => zones.includes(zone);
const packages = (...names: readonly string[]) => (name: string) => names.includes(name);
const isBuiltin = (name: string) => name.startsWith('node:') || builtinModules.includes(name);
const anyPackage = () => true;
const none = () => false;

const WALLS: Readonly<Record<Exclude<Zone, `room ${string}`>, Wall>> = {
  internal: { zones: oneOf('internal'), packages: packages('node:crypto'), why: 'internal/ is at the bottom: it knows nothing of ours, so anything may use it.' },
  frame: {
    zones: oneOf('frame', 'internal'),
    packages: packages('zod/v4', 'node:crypto'),
    why: 'The frame (ports, errors, records, sealing, directory-ask) is what everything else rests on; it must not know the rooms.',
  },
  corridor: {
    zones: (zone) => isRoom(zone) || oneOf('corridor', 'frame', 'internal')(zone),
    packages: packages('zod/v4'),
    why: 'The corridor composes rooms over ports; which adapter answers is the host\'s choice.',
  },
  composition: {
    zones: (zone) => isRoom(zone) || oneOf('adapters', 'corridor', 'frame', 'internal')(zone),
    packages: none,
    why: 'The composition root wires adapters to the core and does nothing else; it is the one file that knows both.',
  },
  'front door': { zones: () => true, packages: none, why: 'index.ts re-exports and nothing else.' },
  adapters: {
    zones: oneOf('adapters', 'frame', 'internal'),
    types: isRoom,
    packages: anyPackage,
    why: 'Adapters do I/O for ports; a rule of a room inside an adapter would be a rule no other adapter keeps.',
  },
  portal: {
    zones: (zone) => oneOf('portal', 'frame', 'internal', 'adapters', 'room impersonation')(zone),
    packages: (name) => name === 'zod/v4' || isBuiltin(name),
    why: 'The backup portal takes the verifier kit alone: no sign-in library, no Graph.',
  },
  testing: {
    zones: oneOf('testing', 'frame', 'internal'),
    packages: (name) => name === 'node:assert' || name === 'node:assert/strict',
    why: 'The contract suites run under anybody\'s test framework.',
  },
  nodes: {
    zones: oneOf('nodes', 'nodes host', 'front door'),
    packages: none,
    packageTypes: packages('n8n-workflow'),
    why: 'Nodes know the core\'s front door and n8n by type; n8n\'s helpers live in host/, so that the nodes stay fit for a verified build.',
  },
  'nodes host': { zones: oneOf('nodes host', 'front door'), packages: packages('n8n-workflow'), why: 'host/ is where n8n and the core meet, at the core\'s front door.' },
  credentials: {
    zones: oneOf('credentials', 'front door'),
    packages: none,
    packageTypes: packages('n8n-workflow'),
    why: 'Credential types are descriptions; n8n loads every one of them at start.',
  },
  sandbox: { zones: oneOf('sandbox'), packages: isBuiltin, why: 'A sandbox that shares code with the core agrees with the core\'s mistakes.' },
  cli: {
    zones: oneOf('cli', 'verify-tenant', 'front door'),
    packages: (name) => name === 'commander' || isBuiltin(name),
    why: 'The command line turns arguments into calls of the front doors; it holds no rule.',
  },
  'verify-tenant': {
    zones: oneOf('verify-tenant', 'front door'),
    packages: packages('node:crypto'),
    why: 'The check of a real tenant knows the names of the sandbox\'s rules (JSON) and nothing of how it keeps them: otherwise both would be wrong together.',
  },
  examples: {
    zones: oneOf('examples'),
    packages: (name) => name.startsWith('n8n-nodes-m365-onboarding') || isBuiltin(name),
    why: 'Examples use what a reader can install.',
  },
};

function roomWall(room: Zone): Wall {
  return {
    zones: (zone) => zone === room || oneOf('frame', 'internal')(zone),
    types: oneOf('room accounts'),
    // Digests and key parsing are pure; what is not pure in node:crypto is caught by name (see world.ts).
    packages: (name) => name === 'zod/v4' || name === 'node:crypto' || (room === 'room certificates' && name === 'node-forge'),
    why: 'A room imports internal/, the frame and itself (ids by type from accounts/); rooms meet in the corridor, the world comes through ports.',
  };
}

/** The zone of a source file; undefined for a place the house does not have. */
export function zoneOf(path: string): Zone | undefined {
  const [top, area = '', ...rest] = path.split('/').slice(path.startsWith('src/') ? 1 : 0);
  if (top === 'examples' || top === 'sandbox' || top === 'cli' || top === 'verify-tenant' || top === 'credentials') return top;
  if (top === 'nodes') return area === 'host' || rest[0] === 'host' ? 'nodes host' : 'nodes';
  if (top !== 'core') return undefined;
  return rest.length === 0 ? zoneOfCoreFile(area.replace(/\.ts$/, '')) : zoneOfCoreFolder(area);
}

function zoneOfCoreFile(name: string): Zone | undefined {
  if (name === 'index') return 'front door';
  if (name === 'installation') return 'composition';
  if (FRAME_FILES.has(name)) return 'frame';
  return CORRIDOR_FILES.has(name) ? 'corridor' : undefined;
}

function zoneOfCoreFolder(name: string): Zone | undefined {
  if (ROOMS.has(name)) return `room ${name}`;
  if (CORRIDOR_FOLDERS.has(name)) return 'corridor';
  if (name === 'service-codes') return 'frame';
  return name === 'internal' || name === 'adapters' || name === 'portal' || name === 'testing' ? name : undefined;
}

export function findBrokenWalls(tree: SourceTree): readonly Finding[] {
  return [...tree.files.keys()].flatMap((path) => {
    const zone = zoneOf(path);
    if (zone === undefined) return [{ at: `${path}:1`, what: 'this place is not in the house', why: 'Every file stands where its folder says what it may touch; extend the walls first.' }];
    const wall = zone.startsWith('room ') ? roomWall(zone) : WALLS[zone as keyof typeof WALLS];
    return importsOf(tree, path).flatMap((imported) => judge(imported, wall, zone));
  });
}

function judge(imported: Import, wall: Wall, from: Zone): readonly Finding[] {
  if (imported.specifier.endsWith('.json') && imported.specifier.startsWith('.')) return [];
  const isAllowed = imported.target === undefined ? packageAllowed(imported, wall) : fileAllowed(imported, imported.target, wall, from);
  return isAllowed ? [] : [{ at: imported.at, what: `${from} must not import ${imported.specifier}${imported.typeOnly ? ' (type)' : ''}`, why: wall.why }];
}

function packageAllowed({ specifier, typeOnly }: Import, wall: Wall): boolean {
  return wall.packages(specifier) || (typeOnly && wall.packageTypes?.(specifier) === true);
}

function fileAllowed({ typeOnly }: Import, target: string, wall: Wall, from: Zone): boolean {
  const zone = zoneOf(target);
  if (zone === undefined) return false;
  if (from === 'cli' && target === 'src/sandbox/index.ts') return true;
  return wall.zones(zone) || (typeOnly && wall.types?.(zone) === true);
}

/** What a file pulls in at run time, itself included: the walls bound one step, an entry's promise bounds the sum. */
export function packagesReachedFrom(tree: SourceTree, entry: string): ReadonlySet<string> {
  return reach(tree, entry, ({ typeOnly }) => !typeOnly);
}

/** The part of it that is there as soon as the file is loaded: what every host pays for, whatever it needs. */
export function packagesLoadedWith(tree: SourceTree, entry: string): ReadonlySet<string> {
  return reach(tree, entry, ({ typeOnly, deferred }) => !typeOnly && !deferred);
}

function reach(tree: SourceTree, entry: string, follows: (imported: Import) => boolean): ReadonlySet<string> {
  const seen = new Set<string>();
  const reached = new Set<string>();
  const open = [entry];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const { target, specifier } of importsOf(tree, path).filter(follows)) {
      if (target === undefined) reached.add(specifier);
      else open.push(target);
    }
  }
  return reached;
}
