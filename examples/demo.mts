/**
 * The whole story, live: one customer tenant from nothing to an operator in its backup portal. Starts everything it
 * needs on loopback, plays the customer's admin by submitting the pages that are really served, and ends with code 0
 * only if the account is active and the grant was redeemed exactly once.
 *
 *   npm run demo              the checklist
 *   npm run demo -- --json    the record on standard output
 *   npm run demo -- --keep    leave everything running and say where
 */
import type { AdminDiscovery } from 'n8n-nodes-m365-onboarding';
import { createVisitor, playPerson, type VisitedPage, type Visitor } from 'n8n-nodes-m365-onboarding/sandbox';
import { createChecklist } from './demo/checklist.mts';
import { setStage, type Stage } from './demo/stage.mts';

const ACCOUNT = 'contoso';
const OPERATOR = 'op-1';
const json = process.argv.includes('--json');
const keep = process.argv.includes('--keep');

interface Person {
  readonly upn: string;
  readonly password: string;
}

async function main(): Promise<number> {
  const startedAt = performance.now();
  const out = json ? process.stderr : process.stdout;
  const printed = rememberOutput();
  out.write('\n  Onboarding one Microsoft 365 tenant, end to end\n  real TLS, real msal-node and graph-client, against a local Entra ID and Graph\n\n');
  const stage = await setStage();
  try {
    const record = await tellStory(stage, out);
    const durationMs = Math.round(performance.now() - startedAt);
    const final = { ...record, durationMs };
    const leaked = stage.secrets.filter((secret) => printed().includes(secret) || JSON.stringify(final).includes(secret));
    if (leaked.length > 0) throw new Error(`${leaked.length} secrets were printed.`);
    out.write(`  ${json ? '' : '✔ '}none of ${stage.secrets.length} known secrets was printed\n`);
    if (json) process.stdout.write(`${JSON.stringify(final)}\n`);
    else out.write(`\n  ${record.account.state === 'active' ? 'Active' : record.account.state}: ${record.requests.token} token requests, ${record.requests.graph} Graph requests, ${(durationMs / 1000).toFixed(1)} s\n\n`);
    if (keep) await keepRunning(stage, out);
    return record.account.state === 'active' && record.impersonation.redeemed && record.impersonation.replayRefused ? 0 : 1;
  } finally {
    await stage.close();
  }
}

async function tellStory(stage: Stage, out: NodeJS.WriteStream) {
  const { sandbox } = stage;
  const list = createChecklist(out, () => sandbox.requests().length);
  const customer = sandbox.ready.tenants.find((tenant) => tenant.domain === 'contoso.example');
  const admin = customer?.users.find((person) => person.roles.includes('Global Administrator') && person.notes === '');
  if (customer === undefined || admin === undefined) throw new Error('The sandbox has no ordinary Global Administrator.');
  const visitor = createVisitor({ ca: stage.ca });
  const certificate = await makeCredential(stage, list);
  const invitation = await invite(stage, list);
  await decline(list, visitor, invitation, admin);
  const confirmation = await consent(stage, list, visitor, invitation, admin);
  await proveOwnership(list, visitor, confirmation);
  await verify(stage, list);
  const discovery = await chooseAdmin(stage, list);
  const impersonation = await openPortal(stage, list);
  await list.step('The audit tells the same story', async () => {
    const { entries, intact } = await stage.installation().audit.verify();
    if (!intact) throw new Error('The audit chain is broken.');
    return `${entries} hash-chained entries, unbroken`;
  });
  const { onboarding } = stage.installation();
  const consentNow = await onboarding.consentStatus(ACCOUNT);
  const { tenantId, userObjectId, state } = await onboarding.showBinding(ACCOUNT);
  const requests = sandbox.requests();
  return {
    account: await onboarding.showAccount(ACCOUNT),
    consent: { apps: consentNow.apps.map((app) => ({ key: app.key, appId: app.appId, state: app.state, granted: app.granted.map((one) => one.name), missing: app.missing.map((one) => one.name) })) },
    admins: discovery,
    binding: { tenantId, userObjectId, state },
    impersonation,
    certificate: { thumbprintSha256: certificate },
    requests: { token: requests.filter((row) => row.path.endsWith('/oauth2/v2.0/token')).length, graph: requests.filter((row) => row.host === 'graph').length },
  };
}

type List = ReturnType<typeof createChecklist>;

async function makeCredential(stage: Stage, list: List): Promise<string> {
  const { certificates } = stage.installation();
  let id = '';
  let thumbprint = '';
  await list.step('A credential certificate is generated', async () => {
    const record = await certificates.generate({ name: 'demo', keyBits: 2048 }, OPERATOR);
    ({ id, thumbprintSha256: thumbprint } = record);
    return `RSA ${record.keyBits}, SHA-256 ${thumbprint.slice(0, 16)}…, private key sealed in the state`;
  });
  await list.step('It is registered on both apps and accepted', async () => {
    for (const app of stage.sandbox.ready.apps) await certificates.register(id, app.key, OPERATOR);
    await stage.useCertificate(id);
    return 'the token endpoint took it (PS256, x5t#S256); the bootstrap secret is not used again';
  });
  return thumbprint;
}

async function invite(stage: Stage, list: List): Promise<string> {
  let url = '';
  await list.step('Contoso is invited', async () => {
    const { onboarding } = stage.installation();
    await onboarding.addAccount({ id: ACCOUNT, name: 'Contoso Ltd', expectedTenant: 'contoso.example' }, OPERATOR);
    const opened = await onboarding.openConsent({ accountId: ACCOUNT, operatorId: OPERATOR });
    ({ url } = opened);
    return `an address on our own landing page, ${opened.rounds} rounds, revocable, valid for 7 days`;
  });
  return url;
}

async function decline(list: List, visitor: Visitor, invitation: string, admin: Person): Promise<void> {
  await list.step('The admin presses Cancel', async () => {
    const microsoft = await visitor.submit(await visitor.open(invitation), 'continue');
    const page = await playPerson(visitor, microsoft, admin, 'cancel');
    const callback = new URL(visitor.history.findLast((url) => url.includes('/consent/callback')) ?? page.url);
    if (page.text('refusal') === undefined || callback.searchParams.get('admin_consent') !== 'True') throw new Error('The refusal was not recognised.');
    return `Microsoft answered error=${callback.searchParams.get('error')} with admin_consent=True; read as declined\nthe page says: ${page.text('refusal')}`;
  });
}

async function consent(stage: Stage, list: List, visitor: Visitor, invitation: string, admin: Person): Promise<VisitedPage> {
  let page = await visitor.open(invitation);
  await list.step('The same invitation again, and Accept in both rounds', async () => {
    page = await visitor.submit(page, 'continue');
    for (let waits = 0; page.text('tenant') === undefined; waits += 1) {
      if (waits > 60) throw new Error(`The browser is stuck at ${page.url} (${page.status}).`);
      page = await playPerson(visitor, page, admin);
      if (page.refreshSeconds === undefined) continue;
      // A page that waits for Microsoft's replicas reloads itself.
      stage.sandbox.clock.advance(page.refreshSeconds);
      page = await visitor.reload(page);
    }
    return 'each round bound to its state and browser; the tenant proven by a fresh token before the next began';
  });
  return page;
}

async function proveOwnership(list: List, visitor: Visitor, confirmation: VisitedPage): Promise<void> {
  await list.step('The admin proves the tenant is theirs', async () => {
    const done = await visitor.submit(confirmation, 'confirm', { accessLevel: 'restricted' });
    if (done.text('done') === undefined) throw new Error(`Not confirmed: ${done.status} ${done.url}`);
    return `signed in as ${confirmation.text('admin')}, ID token verified, role confirmed by the directory\nconfirmed the account's name and raised the access level from none to restricted`;
  });
}

async function verify(stage: Stage, list: List): Promise<void> {
  await list.step('Consent is proven', async () => {
    const { onboarding } = stage.installation();
    for (;;) {
      const report = await onboarding.verifyConsent(ACCOUNT);
      if (report.verdict === 'granted') return `${report.reads.made} reads, the last ${report.reads.needed} good and on new sockets and tokens, spread over a minute (the clock was moved)\n${report.apps.map((app) => `${app.key}: ${app.granted.length} permissions granted, ${app.missing.length} missing`).join('\n')}`;
      if (report.nextCheckAt === null) throw new Error(`Verification ended ${report.verdict}.`);
      await stage.clock.sleep(Math.max(1, report.nextCheckAt - stage.clock.now()));
    }
  });
}

async function chooseAdmin(stage: Stage, list: List): Promise<Pick<AdminDiscovery, 'candidates' | 'excluded'>> {
  const { onboarding } = stage.installation();
  let discovery: Pick<AdminDiscovery, 'candidates' | 'excluded'> = { candidates: [], excluded: [] };
  await list.step('Admins are found and one is bound', async () => {
    await onboarding.advance(ACCOUNT);
    const found = await onboarding.listAdmins(ACCOUNT, OPERATOR);
    discovery = { candidates: found.candidates, excluded: found.excluded };
    await onboarding.bindAdmin({ accountId: ACCOUNT, admin: 'first', operatorId: OPERATOR });
    const excluded = found.excluded.map((person) => `excluded  ${person.displayName ?? person.objectId}: ${person.excludedBecause.map((reason) => reason.message).join(' ')}`);
    return [`chosen    ${found.candidates[0]?.displayName}: ${found.candidates[0]?.reasons.join(' ')}`, ...excluded].join('\n');
  });
  await list.step('The binding is validated', async () => {
    for (;;) {
      const report = await onboarding.advance(ACCOUNT);
      if (report.state === 'active') return 'the person exists, is enabled, holds the role tenant-wide; consent is alive: the account is active';
      if (report.waitingFor !== 'replication' || report.nextCheckAt === null) throw new Error(`The journey stopped: ${JSON.stringify(report)}`);
      await stage.clock.sleep(Math.max(1, report.nextCheckAt - stage.clock.now()));
    }
  });
  return discovery;
}

async function openPortal(stage: Stage, list: List): Promise<{ redeemed: boolean; replayRefused: boolean; accessLevel: string }> {
  const result = { redeemed: false, replayRefused: false, accessLevel: '' };
  const sessions = () => stage.portal.log.filter((entry) => entry.action === 'impersonation.started').length;
  const { onboarding } = stage.installation();
  const browser = createVisitor({ ca: stage.ca });
  let code = '';
  await list.step('The operator opens the customer\'s portal without credentials', async () => {
    const issued = await onboarding.impersonate({ accountId: ACCOUNT, operatorId: OPERATOR, reason: 'TICKET-1042: restore test' });
    code = issued.code.reveal();
    stage.secrets.push(code);
    const question = await postCode(browser, issued.deliverTo, code);
    const dashboard = await browser.submit(question, 'confirm');
    const banner = dashboard.text('banner');
    if (banner === undefined) throw new Error(`No session: ${dashboard.status} ${dashboard.url}`);
    const account = await onboarding.showAccount(ACCOUNT);
    result.accessLevel = account.accessLevel;
    result.redeemed = sessions() === 1;
    return `one-time code by POST, exchanged by the portal's back end (private_key_jwt) for a signed grant\n${banner}`;
  });
  await list.step('The same code again', async () => {
    const refused = await postCode(createVisitor({ ca: stage.ca }), stage.portal.deliverTo, code);
    result.replayRefused = refused.status >= 400 && sessions() === 1;
    if (!result.replayRefused) throw new Error('A replayed code was accepted.');
    return `refused with ${refused.status}; no second session`;
  });
  return result;
}

/** What the auto-posting delivery page does in the operator's browser. */
async function postCode(browser: Visitor, deliverTo: string, code: string): Promise<VisitedPage> {
  const form = { method: 'POST' as const, action: deliverTo, fields: { code }, buttons: [{ testId: 'deliver', name: '', value: '' }] };
  return browser.submit({ url: deliverTo, status: 200, html: '', headers: {}, forms: [form], refreshSeconds: undefined, text: () => undefined }, 'deliver');
}

/** Everything written so far, to both streams. */
function rememberOutput(): () => string {
  const parts: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = (text: string | Uint8Array) => {
      parts.push(String(text));
      return write(String(text));
    };
  }
  return () => parts.join('');
}

async function keepRunning(stage: Stage, out: NodeJS.WriteStream): Promise<void> {
  out.write(`  Still running; Ctrl+C ends it.\n    our pages     ${stage.publicBaseUrl}\n    portal        ${stage.portal.url}\n    sandbox       ${stage.sandbox.ready.login} (CA ${stage.sandbox.ready.caFile})\n    control door  ${stage.sandbox.ready.control}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`\n  The demo stopped: ${error instanceof Error ? error.message : 'for an unknown reason'}\n`);
  return 1;
});
