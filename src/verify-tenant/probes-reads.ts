/** Single reads of the directory: members, null where nothing is, the forms of instants and ids. */
import { claimsOf } from './assertions';
import { type Bench, type Finding, found, notTried, type Probe } from './model';
import { READS_APPS, READS_ELIGIBILITIES, READS_GRANTS, READS_GROUPS, READS_ORGANIZATION, READS_ROLES, READS_USERS } from './permissions';
import { collection, get, graphRefusal, graphSuccess, single } from './probe';
import { compare, every, exactly, guid, instant, like, list, membersOf, nothing, object, present, rowsOf, type Shape, text, textOf } from './shape';

const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
const GLOBAL_ADMINISTRATOR = '62e90394-69f5-4237-9190-012177145e10';
const USER_DEFAULTS = ['businessPhones', 'displayName', 'givenName', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation', 'preferredLanguage', 'surname', 'userPrincipalName', 'id'];

const ownPrincipal = ({ facts }: Bench) => textOf(claimsOf(facts.accessToken)['oid']);

const ORGANIZATION = object({
  displayName: text,
  createdDateTime: instant(0),
  countryLetterCode: text,
  city: present,
  onPremisesSyncEnabled: present,
  businessPhones: list(text),
  verifiedDomains: list(object({ name: text, type: text, isDefault: present, isInitial: present, capabilities: present }), { least: 1 }),
  assignedPlans: list(object({ servicePlanId: guid, capabilityStatus: text, service: text, assignedDateTime: present })),
});

const PRINCIPAL = object({
  id: guid,
  appId: guid,
  displayName: text,
  accountEnabled: present,
  appOwnerOrganizationId: guid,
  appRoleAssignmentRequired: present,
  servicePrincipalType: text,
  disabledByMicrosoftStatus: nothing,
  deletedDateTime: nothing,
  createdDateTime: instant(0),
  appRoles: list(object({ id: guid, value: present, allowedMemberTypes: list(text), isEnabled: present })),
  oauth2PermissionScopes: list(object({ id: guid, value: text, type: text, isEnabled: present })),
  keyCredentials: list(object({ key: nothing })),
  passwordCredentials: list(object({ secretText: nothing })),
});

/** base64url of the GUIDs in Microsoft's byte order, one after the other. */
function joinedId(ids: readonly string[]): string {
  const bytes = ids.map((id) => {
    const [first = '', second = '', third = '', ...rest] = id.split('-');
    const swapped = [first, second, third].map((part) => Buffer.from(part, 'hex').toReversed());
    return Buffer.concat([...swapped, Buffer.from(rest.join(''), 'hex')]);
  });
  return Buffer.concat(bytes).toString('base64url');
}

const GRANT: Shape = (value, at) => {
  const shape = object({ id: text, clientId: guid, resourceId: guid, consentType: like(/^(?:AllPrincipals|Principal)$/, 'a consent type'), principalId: present, scope: present });
  const wrong = shape(value, at);
  if (wrong.length > 0 || typeof value !== 'object' || value === null) return wrong;
  const { id, clientId, resourceId, principalId } = value as Readonly<Record<string, unknown>>;
  const parts = [clientId, resourceId, principalId].filter((part) => typeof part === 'string');
  return exactly(joinedId(parts), 'the ids it joins, as base64url')(id, `${at}.id`);
};

/** `$select` shows these and nothing else. */
const onlyIds: Shape = (value, at) => membersOf(['id', 'appId'])(value, at);

async function getByIds(bench: Bench): Promise<Finding> {
  const answer = await bench.ask({ host: 'graph', method: 'POST', path: '/v1.0/directoryObjects/getByIds', json: { ids: [ownPrincipal(bench), bench.guid()] } });
  const item = object({ '@odata.type': exactly('#microsoft.graph.servicePrincipal'), id: exactly(ownPrincipal(bench), 'the known one of the two ids') });
  return found(compare(answer, { status: 200, body: object({ value: list(item, { least: 1, most: 1 }) }) }));
}

async function eligibilities(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(get('/v1.0/roleManagement/directory/roleEligibilityScheduleInstances'));
  if (answer.status !== 200) return found(compare(answer, graphRefusal(400, 'AadPremiumLicenseRequired')));
  const skus = await bench.ask(get('/v1.0/subscribedSkus'));
  if (skus.status === 200 && !JSON.stringify(skus.body).includes('eec0eb4f-6444-4f95-aba0-50c24d67f998')) return found(['status: 200 in a tenant without Microsoft Entra ID P2, where a licence refusal is expected']);
  bench.observe(13, `eligibility instances: ${answer.status}, ${rowsOf(answer).length === 0 ? 'none' : 'some'}`);
  const row = object({ id: text, principalId: guid, roleDefinitionId: guid, directoryScopeId: text, memberType: text, startDateTime: present, endDateTime: present });
  return found(compare(answer, { status: 200, body: object({ value: list(row) }) }));
}

async function ownKeys(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(get(`/v1.0/applications?$filter=appId eq '${bench.settings.clientId}'`));
  if (answer.status === 200 && rowsOf(answer).length === 0) return notTried('the app is registered in another tenant');
  const credential = object({ customKeyIdentifier: present, key: nothing, keyId: guid, startDateTime: instant(0), endDateTime: instant(0), type: text, usage: text, displayName: present });
  return found(compare(answer, collection(/\$metadata#applications$/, object({ id: guid, appId: guid, createdDateTime: instant(0), keyCredentials: list(credential), passwordCredentials: list(object({ secretText: nothing })) }))));
}

async function groupMembers(bench: Bench): Promise<Finding> {
  const groups = await bench.ask(get('/v1.0/groups'));
  const wrong = compare(groups, collection(/\$metadata#groups$/, object({ id: guid, displayName: text, groupTypes: list(text), securityEnabled: present, isAssignableToRole: present, mail: present, onPremisesSyncEnabled: present, renewedDateTime: instant(0) })));
  const [first] = rowsOf(groups);
  if (wrong.length > 0 || first === undefined) return wrong.length > 0 ? found(wrong) : notTried('the tenant has no group');
  return found(compare(await bench.ask(get(`/v1.0/groups/${textOf(first['id'])}/members`)), collection(/\$metadata#directoryObjects$/, object({ '@odata.type': like(/^#microsoft\.graph\.\w+$/, 'a type'), id: guid }))));
}

const principalPath = (bench: Bench, rest = '') => get(`/v1.0/servicePrincipals/${ownPrincipal(bench)}${rest}`);

export const readProbes: readonly Probe[] = [
  single('G-ORG-LIST', 'the organization', get('/v1.0/organization'), ({ settings }) => collection(/\$metadata#organization$/, every(ORGANIZATION, object({ id: exactly(settings.tenantId, 'the tenant id') })), { least: 1, most: 1 }), READS_ORGANIZATION),
  single('G-SKU-LIST', 'the licences', get('/v1.0/subscribedSkus'), collection(/\$metadata#subscribedSkus$/, object({ id: text, skuId: guid, skuPartNumber: text, capabilityStatus: text, consumedUnits: present, prepaidUnits: object({ enabled: present }), servicePlans: list(object({ servicePlanId: guid, servicePlanName: text, provisioningStatus: text })) })), READS_ORGANIZATION),
  single('G-USER-LIST', 'one person with the default members', get('/v1.0/users?$top=1'), collection(/\$metadata#users$/, every(membersOf(USER_DEFAULTS), object({ id: guid, userPrincipalName: text, businessPhones: list(text) })), { least: 1, most: 1 }), READS_USERS),
  single('G-USER-GET', 'people with selected members', get('/v1.0/users?$select=id,userType,accountEnabled,onPremisesSyncEnabled,createdDateTime&$top=5'), collection(/\$metadata#users\(id,userType,accountEnabled,onPremisesSyncEnabled,createdDateTime\)$/, every(membersOf(['id', 'userType', 'accountEnabled', 'onPremisesSyncEnabled', 'createdDateTime']), object({ createdDateTime: instant(0) })), { least: 1, most: 5 }), READS_USERS),
  single('G-SP-GET', 'the app’s own service principal', principalPath, graphSuccess(PRINCIPAL), READS_APPS),
  single('G-SP-GET', 'the same by (appId=…), with $select', ({ settings }) => get(`/v1.0/servicePrincipals(appId='${settings.clientId}')?$select=id,appId`), graphSuccess(onlyIds), READS_APPS),
  single('G-SP-LIST', 'service principals by appId', get(`/v1.0/servicePrincipals?$filter=appId eq '${GRAPH_APP_ID}'&$select=id,appId`), collection(/\$metadata#servicePrincipals\(id,appId\)$/, every(onlyIds, object({ appId: exactly(GRAPH_APP_ID) })), { least: 1, most: 1 }), READS_APPS),
  single('G-ARA-LIST', 'the app’s own assignments', (bench) => principalPath(bench, '/appRoleAssignments'), graphSuccess(object({ value: list(object({ id: text, appRoleId: guid, principalId: guid, principalType: exactly('ServicePrincipal'), resourceId: guid, resourceDisplayName: text, createdDateTime: instant(7), deletedDateTime: nothing })) })), READS_APPS),
  single('G-SP-GRANTS', 'the app’s own delegated grants', (bench) => principalPath(bench, '/oauth2PermissionGrants'), graphSuccess(object({ value: list(GRANT) })), READS_GRANTS),
  single('G-GRANT-LIST', 'delegated grants', get('/v1.0/oauth2PermissionGrants'), collection(/\$metadata#oauth2PermissionGrants$/, GRANT), READS_GRANTS),
  { rule: 'G-OBJ-GETBYIDS', asks: 'two objects by id, one of them unknown', run: getByIds, needs: READS_APPS },
  { rule: 'G-GROUP-MEMBERS', asks: 'groups and the members of one', run: groupMembers, needs: READS_GROUPS },
  single('G-ROLE-LIST', 'role assignments', get('/v1.0/roleManagement/directory/roleAssignments'), graphSuccess(object({ value: list(object({ id: text, principalId: guid, roleDefinitionId: guid, directoryScopeId: like(/^\//, 'a scope that begins with a slash') }), { least: 1 }) })), READS_ROLES),
  single('G-ROLEDEF-GET', 'a built-in role by its template id', get(`/v1.0/roleManagement/directory/roleDefinitions/${GLOBAL_ADMINISTRATOR}`), graphSuccess(object({ id: exactly(GLOBAL_ADMINISTRATOR), templateId: exactly(GLOBAL_ADMINISTRATOR), displayName: exactly('Global Administrator'), isBuiltIn: exactly(true) })), READS_ROLES),
  { rule: 'G-PIM-LIST', asks: 'eligibilities, or the missing licence', run: eligibilities, needs: READS_ELIGIBILITIES },
  { rule: 'G-APP-LIST', asks: 'the app’s own registration', run: ownKeys, needs: READS_APPS },
];

