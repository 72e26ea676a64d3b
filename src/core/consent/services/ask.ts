/**
 * Asks about the services of one tenant, each app in two batches at most: first subscriptions, people and teams, then whose
 * mailbox, drive or team was chosen. It only reads. An app that gets no answer leaves its questions
 * unanswered; that is evidence too. Least Graph permissions (application): LicenseAssignment.Read.All, User.Read.All (people and
 * what they are licensed for), GroupMember.Read.All (which groups are teams), RoleManagement.Read.Directory (for Exchange.ManageAsApp),
 * and per probe the least of docs/permissions.md.
 */
import { isOnboardingError } from '../../errors';
import type { Ports } from '../../ports';
import type { BackupService } from '../apps/templates';
import { planIdsOf } from './licences';
import type { Reply, ServicePlan, ServicesEvidence, ServicesInput } from './model';
import { choosePeople, MAX_PEOPLE, PEOPLE_PER_PAGE } from './people';
import { findHolder, type Grants, planProbes } from './plan-probes';
import { objectIdSchema, readRows, toReply, unanswered } from './replies';

type AskPorts = Pick<Ports, 'graph' | 'clock'>;

interface Question {
  readonly appKey: string;
  readonly path: string;
  /** Where the answer belongs; a service's own probe is told by the service's name, and nothing else is. */
  readonly about: string;
}

type Answers = ReadonlyMap<string, readonly Reply[]>;

const filter = (text: string) => `$filter=${encodeURIComponent(text)}`;
const PEOPLE_PATH = `/users?${filter("accountEnabled eq true and userType eq 'Member'")}&$select=id,accountEnabled,userType,assignedPlans&$top=${PEOPLE_PER_PAGE}`;
const TEAMS_PATH = `/groups?${filter("resourceProvisioningOptions/Any(x:x eq 'Team')")}&$top=${MAX_PEOPLE}&$select=id`;
const LICENCE_READERS = ['LicenseAssignment.Read.All', 'Organization.Read.All', 'Organization.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'];
const PEOPLE_READERS = ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'];
const GROUP_READERS = ['Group.Read.All', 'Group.ReadWrite.All', 'GroupMember.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'];
const ROLE_READERS = ['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory', 'Directory.Read.All', 'Directory.ReadWrite.All'];

/** Raises nothing of Microsoft's: what could not be asked is in the evidence. Aborting rejects with the signal's reason. */
export async function probeServices(ports: AskPorts, input: ServicesInput): Promise<ServicesEvidence> {
  const plans = planProbes(input.apps, input.grants);
  const first = firstQuestions(plans, input);
  const readers = new Set(first.map(({ appKey }) => appKey));
  const tenantWide = plans.flatMap(tenantWideQuestion);
  const early = await askAll(ports, input, [...first, ...tenantWide.filter(({ appKey }) => readers.has(appKey))]);
  const late = await askAll(ports, input, [...plans.flatMap((plan) => chosenQuestions(plan, early)), ...tenantWide.filter(({ appKey }) => !readers.has(appKey))]);
  const one = (about: string) => early.get(about)?.[0];
  return {
    tenantId: input.tenantId,
    readAt: ports.clock.now(),
    organization: one('organization'),
    skus: one('skus'),
    people: one('list/people'),
    teams: one('list/teams'),
    exchangeRoles: new Map(input.apps.flatMap(({ key }) => entryOf(key, one(`roles/${key}`)))),
    probes: new Map(plans.map(({ service }) => [service, [...(early.get(service) ?? []), ...(late.get(service) ?? [])]])),
  };
}

function firstQuestions(plans: readonly ServicePlan[], { grants, readerKey }: ServicesInput): readonly Question[] {
  const ask = (about: string, path: string, holders: readonly string[]): Question => ({ about, path, appKey: findHolder(holders, grants, readerKey) });
  const probes = new Set(plans.map(({ grant }) => grant?.probe));
  const needsPeople = probes.has('inbox') || probes.has('mailbox_settings') || probes.has('drive');
  return [
    { about: 'organization', path: '/organization?$select=id', appKey: readerKey },
    ask('skus', '/subscribedSkus', LICENCE_READERS),
    ...(needsPeople ? [ask('list/people', PEOPLE_PATH, PEOPLE_READERS)] : []),
    ...(probes.has('team') ? [ask('list/teams', TEAMS_PATH, GROUP_READERS)] : []),
    ...exchangeAdmins(grants).map(({ key, servicePrincipalId }) => ask(`roles/${key}`, `/roleManagement/directory/roleAssignments?${filter(`principalId eq '${servicePrincipalId}'`)}`, ROLE_READERS)),
  ];
}

/** Apps whose right to manage Exchange also needs a directory role in the tenant, where their service principal is known. */
function exchangeAdmins(grants: Grants): readonly { readonly key: string; readonly servicePrincipalId: string }[] {
  return grants.flatMap(({ key, servicePrincipalId, granted }) => (servicePrincipalId !== null && granted.some(({ name }) => name === 'Exchange.ManageAsApp') ? [{ key, servicePrincipalId }] : []));
}

const TENANT_WIDE_PATHS = {
  root_site: '/sites/root?$select=id,webUrl,siteCollection',
  groups: '/groups?$top=1&$select=id',
  people: '/users?$top=1&$select=id',
} as const;

function tenantWideQuestion({ service, grant }: ServicePlan): readonly Question[] {
  if (grant === null || !(grant.probe in TENANT_WIDE_PATHS)) return [];
  return [{ about: service, appKey: grant.appKey, path: TENANT_WIDE_PATHS[grant.probe as keyof typeof TENANT_WIDE_PATHS] }];
}

/** The probes of somebody's mailbox or drive, or of a team, once it is known whose. */
function chosenQuestions({ service, grant }: ServicePlan, early: Answers): readonly Question[] {
  if (grant === null) return [];
  return chosenPaths(service, grant.probe, early).map((path) => ({ about: service, appKey: grant.appKey, path }));
}

function chosenPaths(service: BackupService, probe: NonNullable<ServicePlan['grant']>['probe'], early: Answers): readonly string[] {
  if (probe === 'team') return (readRows(early.get('list/teams')?.[0], objectIdSchema)?.rows ?? []).slice(0, MAX_PEOPLE).map(({ id }) => `/teams/${id}?$select=id,displayName`);
  const ofPerson = PERSON_PATHS[probe];
  if (ofPerson === undefined) return [];
  const chosen = choosePeople(early.get('list/people')?.[0], planIdsOf(service, early.get('skus')?.[0]));
  return (chosen?.people ?? []).map(({ id }) => `/users/${id}/${ofPerson}`);
}

const PERSON_PATHS: Readonly<Record<string, string | undefined>> = {
  inbox: 'mailFolders/inbox?$select=id,totalItemCount',
  mailbox_settings: 'mailboxSettings?$select=timeZone',
  drive: 'drive?$select=id,quota',
};

async function askAll(ports: AskPorts, input: ServicesInput, questions: readonly Question[]): Promise<Answers> {
  const answers = new Map<string, Reply[]>();
  for (const [appKey, own] of Map.groupBy(questions, (question) => question.appKey)) {
    const replies = await askAs(ports, input, appKey, own.map(({ path }) => path));
    for (const [index, { about }] of own.entries()) answers.set(about, [...(answers.get(about) ?? []), ...(replies[index] === undefined ? [] : [replies[index]])]);
  }
  return answers;
}

async function askAs(ports: AskPorts, { tenantId, signal }: ServicesInput, appKey: string, paths: readonly string[]): Promise<readonly (Reply | undefined)[]> {
  try {
    const responses = await ports.graph.batch({ tenantId, appKey, ...(signal === undefined ? {} : { signal }) }, paths);
    return paths.map((_path, index) => toReply(responses[index]));
  } catch (error) {
    if (!isOnboardingError(error)) throw error;
    return paths.map(() => unanswered(error.serviceCode ?? error.code));
  }
}

function entryOf(key: string, reply: Reply | undefined): readonly (readonly [string, Reply])[] {
  return reply === undefined ? [] : [[key, reply]];
}
