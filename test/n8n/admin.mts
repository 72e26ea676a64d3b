/** The customer's admin: opens the invitation, accepts every round, signs in and confirms, on the pages that are really served. */
import { createVisitor, playPerson, type RunningSandbox, type VisitedPage } from 'n8n-nodes-m365-onboarding/sandbox';
import { setTimeout as sleep } from 'node:timers/promises';

export interface AdminsWay {
  readonly done: VisitedPage;
  /** States that travelled through the browser, for those who look whether they were kept. */
  readonly states: readonly string[];
}

const MAX_WAITS = 30;

export async function acceptAsAdmin({ ready }: Pick<RunningSandbox, 'ready'>, ca: string, domain: string, invitation: string, accessLevel: 'none' | 'restricted' | 'full'): Promise<AdminsWay> {
  const admin = ready.tenants.find((one) => one.domain === domain)?.users.find((person) => person.roles.includes('Global Administrator') && (person.notes ?? '') === '');
  if (admin === undefined) throw new Error(`The sandbox has no ordinary Global Administrator of ${domain}.`);
  const visitor = createVisitor({ ca });
  let page = await visitor.submit(await visitor.open(invitation), 'continue');
  for (let waits = 0; page.text('tenant') === undefined; waits += 1) {
    if (waits > MAX_WAITS) throw new Error(`The browser is stuck at ${page.url} (${page.status}).`);
    page = await playPerson(visitor, page, { upn: admin.signInName ?? admin.upn, password: admin.password });
    if (page.refreshSeconds === undefined) continue;
    // The page reloads itself after that time, as its header says.
    await sleep(page.refreshSeconds * 1000);
    page = await visitor.reload(page);
  }
  const done = await visitor.submit(page, 'confirm', { accessLevel });
  return { done, states: visitor.history.flatMap((address) => new URL(address).searchParams.get('state') ?? []) };
}
