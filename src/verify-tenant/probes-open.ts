/** Questions no source answers: nothing is right or wrong here, what is seen goes to the list of things that cannot be known offline. */
import { type Bench, type Finding, notTried, type Probe } from './model';
import { READS_APPS, READS_USERS } from './permissions';
import { get, graphSuccess, single } from './probe';
import { errorOf, isObject, object, present } from './shape';

async function openType(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(get('/v1.0/users?$select=zzVerify&$top=1'));
  if (answer.status !== 501) bench.observe(10, `$select of an unknown name on people: status ${answer.status}${errorOf(answer)}`);
  return notTried('no source says what is right on an open type');
}

async function audits(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(get('/v1.0/auditLogs/directoryAudits?$top=1'));
  if (answer.status !== 501) bench.observe(11, `directory audits: status ${answer.status}${errorOf(answer)}`);
  return notTried('a read alone tells nothing about delays');
}

async function otherPages(bench: Bench): Promise<Finding> {
  const answer = await bench.ask(get('/v1.0/servicePrincipals?$select=id'));
  const rows: unknown = isObject(answer.body) ? answer.body['value'] : undefined;
  const next = isObject(answer.body) ? answer.body['@odata.nextLink'] : undefined;
  if (next !== undefined && Array.isArray(rows)) bench.observe(14, `default page of service principals: ${rows.length}`);
  return notTried('no source gives the page size');
}

export const openProbes: readonly Probe[] = [
  { rule: null, asks: '$select of an unknown name on an open type', run: openType, needs: READS_USERS },
  { rule: null, asks: 'the default page size of service principals', run: otherPages, needs: READS_APPS },
  { rule: null, asks: 'the directory audit', run: audits, needs: ['AuditLog.Read.All'] },
  single('G-POLICY-GET', 'the tenant’s app management policy', get('/v1.0/policies/defaultAppManagementPolicy'), graphSuccess(object({ isEnabled: present, applicationRestrictions: present, servicePrincipalRestrictions: present })), ['Policy.Read.All', 'Policy.Read.ApplicationConfiguration', 'Policy.ReadWrite.ApplicationConfiguration']),
];
