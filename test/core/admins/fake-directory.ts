/** A directory behind the GraphTransport port: enough of Graph to ask about roles, with every answer open to sabotage. */
import type { GraphList, GraphRequest, GraphResponse, GraphScope, GraphTransport } from '../../../src/core/ports';

export const TENANT = '11111111-1111-4111-8111-111111111111';
export const SCOPE = { tenantId: TENANT, appKey: 'backup' };

export function guid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export interface FakeUser {
  readonly id: string;
  readonly displayName?: string | null;
  readonly userPrincipalName?: string;
  readonly accountEnabled?: boolean | null;
  readonly userType?: string | null;
  readonly onPremisesSyncEnabled?: boolean | null;
  readonly assignedPlans?: readonly { readonly servicePlanId: string; readonly capabilityStatus: string }[];
  readonly signInActivity?: { readonly lastSuccessfulSignInDateTime?: string; readonly lastSignInDateTime?: string };
}

export interface FakeHolding {
  readonly principalId: string;
  readonly roleDefinitionId: string;
  readonly directoryScopeId?: string | null;
  /** The list shows no principal, as for deleted and unreadable objects. */
  readonly hidden?: boolean;
}

export interface FakeDirectory {
  readonly users: readonly FakeUser[];
  readonly groups?: readonly { readonly id: string; readonly displayName?: string; readonly members: readonly string[]; readonly eligible?: readonly string[] }[];
  readonly servicePrincipals?: readonly string[];
  readonly assigned?: readonly FakeHolding[];
  readonly eligible?: readonly FakeHolding[];
}

export interface FakeGraph extends GraphTransport {
  /** Calls of the port, in order: verb and path. */
  readonly calls: string[];
  readonly scopes: GraphScope[];
  /** How many of the port's calls had to wait for an earlier one's answer. */
  readonly roundTrips: () => number;
}

export interface Sabotage {
  /** Replaces an answer; called with the decoded path. */
  readonly answer?: (path: string) => GraphResponse | undefined;
  readonly listEnd?: (path: string) => GraphResponse | undefined;
  /** Members are shown with these properties only. */
  readonly memberFields?: readonly string[];
  readonly memberPageSize?: number;
  readonly ignoreFilter?: boolean;
}

export function refusal(status: number, code: string): GraphResponse {
  return { status, body: { error: { code, message: 'no' } }, requestId: 'request-1' };
}

export function user(number: number, overrides: Partial<FakeUser> = {}): FakeUser {
  return { id: guid(number), displayName: `Person ${number}`, userPrincipalName: `person${number}@customer.example`, accountEnabled: true, userType: 'Member', onPremisesSyncEnabled: null, ...overrides };
}

export function fakeGraph(directory: FakeDirectory, sabotage: Sabotage = {}): FakeGraph {
  const calls: string[] = [];
  let trips = 0;
  let inFlight = 0;
  const scopes: GraphScope[] = [];
  const begin = async (scope: GraphScope, call: string) => {
    calls.push(call);
    scopes.push(scope);
    if (inFlight === 0) trips += 1;
    inFlight += 1;
    // Calls made side by side are seen before the first of them ends.
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
  };
  const object = (id: string): Record<string, unknown> | undefined => {
    const person = directory.users.find((candidate) => candidate.id === id);
    if (person !== undefined) return { '@odata.type': '#microsoft.graph.user', ...person };
    const group = directory.groups?.find((candidate) => candidate.id === id);
    if (group !== undefined) return { '@odata.type': '#microsoft.graph.group', id, displayName: group.displayName, isAssignableToRole: true };
    return directory.servicePrincipals?.includes(id) === true ? { '@odata.type': '#microsoft.graph.servicePrincipal', id, displayName: 'An app', appId: guid(9999) } : undefined;
  };
  const holdings = (path: string): unknown[] => {
    const rows = (path.includes('roleEligibilityScheduleInstances') ? directory.eligible : directory.assigned) ?? [];
    const ids: readonly string[] = path.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
    const matches = (row: FakeHolding) => ids.includes(path.includes('principalId eq') ? row.principalId : row.roleDefinitionId);
    return rows
      .filter((row) => sabotage.ignoreFilter === true || matches(row))
      .map(({ hidden, ...row }) => ({ id: 'x', directoryScopeId: '/', ...row, ...(path.includes('$expand=principal') ? { principal: hidden === true ? null : (object(row.principalId) ?? null) } : {}) }));
  };
  const members = (groupId: string): unknown[] | undefined =>
    directory.groups
      ?.find((group) => group.id === groupId)
      ?.members.map((id) => object(id) ?? { '@odata.type': '#microsoft.graph.device', id })
      .map((member) => (sabotage.memberFields === undefined ? member : Object.fromEntries(Object.entries(member).filter(([name]) => name === '@odata.type' || sabotage.memberFields?.includes(name)))));
  const named = (path: string) => directory.users.filter(({ id }) => path.includes(id));
  const rowsOf = (path: string): unknown[] | undefined => {
    if (path.startsWith('/groups/')) return members(path.split('/')[2] ?? '');
    if (path.startsWith('/identityGovernance/')) return (directory.groups ?? []).filter(({ id }) => path.includes(id)).flatMap(({ id, eligible = [] }) => eligible.map((principalId) => ({ id: 'x', groupId: id, principalId, accessId: 'member' })));
    if (path.startsWith('/users?')) return path.includes('signInActivity') ? named(path).map(({ id, signInActivity }) => ({ id, signInActivity })) : named(path);
    return holdings(path);
  };
  const get = (path: string): GraphResponse => {
    const sabotaged = sabotage.answer?.(path);
    if (sabotaged !== undefined) return sabotaged;
    // What ends a list shows behind its first page.
    if (sabotage.listEnd?.(path) !== undefined && rowsOf(path) !== undefined) return { status: 200, body: { value: [], '@odata.nextLink': 'https://graph.microsoft.com/v1.0/next' }, requestId: undefined };
    const notFound = refusal(404, 'Request_ResourceNotFound');
    if (path.startsWith('/users/')) {
      const found = directory.users.find((candidate) => candidate.id === (path.split(/[/?]/)[2] ?? ''));
      return found === undefined ? notFound : { status: 200, body: found, requestId: undefined };
    }
    const rows = rowsOf(path);
    if (rows === undefined) return notFound;
    const size = sabotage.memberPageSize ?? rows.length;
    const next = rows.length > size ? { '@odata.nextLink': 'https://graph.microsoft.com/v1.0/next' } : {};
    return { status: 200, body: { value: rows.slice(0, size), ...next }, requestId: undefined };
  };
  const post = (path: string, body: unknown): GraphResponse => {
    if (path !== '/directoryObjects/getByIds') return refusal(400, 'BadRequest');
    const { ids } = body as { readonly ids: readonly string[] };
    return sabotage.answer?.(path) ?? { status: 200, body: { value: ids.flatMap((id) => object(id) ?? []) }, requestId: undefined };
  };
  return {
    calls,
    scopes,
    roundTrips: () => trips,
    async send(scope, request: GraphRequest): Promise<GraphResponse> {
      await begin(scope, `${request.method} ${request.path}`);
      return request.method === 'POST' ? post(request.path, request.body) : get(decodeURIComponent(request.path));
    },
    async list(scope, path): Promise<GraphList> {
      await begin(scope, `LIST ${decodeURIComponent(path)}`);
      const stoppedBy = sabotage.listEnd?.(decodeURIComponent(path));
      return { items: rowsOf(decodeURIComponent(path)) ?? [], ...(stoppedBy === undefined ? {} : { stoppedBy }) };
    },
    async batch(scope, questions): Promise<readonly GraphResponse[]> {
      const posts = questions.flatMap((question) => (typeof question === 'string' ? [] : [` POST ${question.path}`]));
      await begin(scope, `BATCH ${questions.length}${posts.join('')}`);
      return questions.map((question) => (typeof question === 'string' ? get(decodeURIComponent(question)) : post(question.path, question.body)));
    },
  };
}
