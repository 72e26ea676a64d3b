/**
 * Paths without a handler. What the service itself would refuse (an unknown segment, a verb it does not have) is
 * refused in its words; everything else exists there and is missing here: not modelled.
 * Sources: v1.0 metadata (csdl-names.json), permissions data (real-operations.json), public threads.
 */
import { COLLECTION_OPERATIONS, type Part } from './address';
import realOperations from './real-operations.json';
import { badRequest, GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';
import { knowsSegment, type TypeName } from './select';

const real: ReadonlySet<string> = new Set(realOperations);
const realPaths: ReadonlySet<string> = new Set(realOperations.map((operation) => operation.split(' ')[1] ?? ''));

const TYPE_OF_COLLECTION: Readonly<Record<string, TypeName>> = {
  applications: 'application',
  serviceprincipals: 'servicePrincipal',
  users: 'user',
  groups: 'group',
};

/** Always throws; `modelledHere` says that the path has a handler for another method. */
export function refuseUnmatched(method: string, parts: readonly Part[], modelledHere: boolean): never {
  const generic = genericPath(parts);
  const what = `${method} /v1.0${generic}`;
  if (real.has(`${method} ${generic}`)) throw new NotModelled(what);
  if (modelledHere || realPaths.has(generic)) {
    throw new GraphRefusal(rule('G-ERR-METHOD'), 405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  }
  const [root, , relation] = parts;
  if (root?.text.toLowerCase() === 'approleassignments') {
    throw badRequest('G-ERR-DIRECT', 'Direct queries to this resource type are not supported.');
  }
  if (root === undefined || !knowsSegment('$roots', root.text)) throw unknownSegment(root?.text ?? '');
  const type = TYPE_OF_COLLECTION[root.text.toLowerCase()];
  if (type !== undefined && relation !== undefined && !knowsSegment(type, relation.text)) throw unknownSegment(relation.text);
  throw new NotModelled(what);
}

function unknownSegment(segment: string): GraphRefusal {
  return badRequest('G-ERR-SEGMENT', `Resource not found for the segment '${segment}'.`, 'BadRequest');
}

// Every second segment of these paths is a key; `/roleManagement/directory` is a name before the first collection.
function genericPath(parts: readonly Part[]): string {
  const lead = parts[0]?.text.toLowerCase() === 'rolemanagement' ? 2 : 0;
  const names = parts.map((part, index) => {
    const isKey = part.key !== undefined || (index > lead && (index - lead) % 2 === 1);
    const isAction = index === 1 && COLLECTION_OPERATIONS.has(part.text.toLowerCase());
    return isKey && !isAction ? '{}' : part.text.toLowerCase();
  });
  return `/${names.join('/')}`;
}
