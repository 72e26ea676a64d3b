/**
 * The root site and people's drives: two views of SharePoint Online, which a tenant has only with a licence for it. A drive
 * comes into being when its owner first opens it. Sources: "Get a site", "Get drive" reference pages; refusals: public threads (rules.json).
 */
import { LICENCE_PLAN_IDS, SITE_LICENCES } from '../seed-format';
import { namedGuid } from '../world';
import type { Answer, Call } from './call';
import { tenantCreatedAt } from './directory-objects';
import { wholeSeconds } from './instants';
import { holdsPlan, requireLicensedUser } from './licensed-users';
import { badRequest, GraphRefusal, NotModelled } from './refusal';
import { rule } from './rules';
import { readSingle } from './single';

const SITE_PLANS = SITE_LICENCES.map((name) => LICENCE_PLAN_IDS[name]);
const QUOTA_BYTES = 1_099_511_627_776;

export function getRootSite(call: Call): Answer {
  if (call.caller.kind === 'delegated') throw new NotModelled('sites under a delegated token');
  requireSharePoint(call);
  const { tenantId, sharePointHost } = call.caller.tenant;
  const view = {
    createdDateTime: wholeSeconds(tenantCreatedAt(call)),
    description: '',
    id: `${sharePointHost},${namedGuid(tenantId, 'site-collection')},${namedGuid(tenantId, 'root-web')}`,
    lastModifiedDateTime: wholeSeconds(tenantCreatedAt(call)),
    name: '',
    webUrl: `https://${sharePointHost}`,
    displayName: 'Communication site',
    root: {},
    siteCollection: { hostname: sharePointHost },
  };
  return readSingle(call, 'sites', 'site', view);
}

export function getDrive(call: Call): Answer {
  const user = requireLicensedUser(call, 'drives');
  requireSharePoint(call);
  if (user.userType === 'Guest' || user.drive === 'never-made' || !holdsPlan(user, SITE_PLANS)) throw new GraphRefusal(rule('G-DRIVE-NONE'), 404, 'ResourceNotFound', "User's mysite not found.");
  if (user.drive === 'locked') throw new GraphRefusal(rule('G-DRIVE-LOCKED'), 423, 'resourceLocked', 'The resource is locked.');
  const host = call.caller.tenant.sharePointHost.replace('.', '-my.');
  const view = {
    createdDateTime: wholeSeconds(user.createdDateTime),
    description: '',
    id: `b!${Buffer.from(user.id.replaceAll('-', ''), 'hex').toString('base64url')}`,
    lastModifiedDateTime: wholeSeconds(user.createdDateTime),
    name: 'OneDrive',
    webUrl: `https://${host}/personal/${user.userPrincipalName.replaceAll(/[@.]/g, '_')}/Documents`,
    driveType: 'business',
    owner: { user: { email: user.mail, id: user.id, displayName: user.displayName } },
    quota: { deleted: 0, remaining: QUOTA_BYTES, state: 'normal', total: QUOTA_BYTES, used: 0 },
  };
  return readSingle(call, 'drives', 'drive', view);
}

function requireSharePoint({ caller }: Call): void {
  if (!SITE_LICENCES.some((name) => caller.tenant.licences.has(name))) throw badRequest('G-SPO-LICENCE', 'Tenant does not have a SPO license.', 'BadRequest');
}
