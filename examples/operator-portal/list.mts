/** The certificates at a glance, and the check: what is due, what hangs, and whether anybody still looks. */
import type { CertificateCheck, CertificateView, CheckedCredential, CredentialKind, HeartbeatView } from 'n8n-nodes-m365-onboarding';
import type { Visit } from './desk.mts';
import { checkField, form } from './fields.mts';
import { day, html, type Html, instant, words } from './html.mts';
import type { Reply } from './http.mts';
import { badge, renewal } from './parts.mts';

export async function showList({ desk, query, show }: Visit): Promise<Reply> {
  const records = await desk.certificates.list(desk.operatorId);
  // A look of this page stands in for no scheduled check: it tells nobody and leaves no heartbeat.
  const { items, heartbeat } = await desk.certificates.check(desk.operatorId, { recorded: false });
  const checked = new Map(items.map((item) => [item.certificateId, item]));
  const rows = records.toSorted((left, right) => left.name.localeCompare(right.name)).map((record) => row(record, checked.get(record.id)));
  const body = html`<h1>Certificates</h1>
${query.get('done') === 'deleted' && html`<p class="done" role="status" data-testid="done">The certificate and its private key are deleted.</p>`}
${alarm(heartbeat)}
${rows.length === 0 ? html`<p data-testid="empty">There is none yet. <a href="/certificates/new">Generate one</a> or <a href="/certificates/import">import one</a>.</p>` : html`<table role="table"><thead role="rowgroup"><tr role="row">${['Name', 'State', 'Used by', 'Ends', 'Renewal', 'Rotation'].map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead><tbody role="rowgroup">${rows}</tbody></table>`}
<p class="actions"><a class="button" href="/certificates/new">Generate a certificate</a> <a class="button quiet" href="/certificates/import">Import a file</a></p>`;
  return show({ title: 'Certificates', menu: '/certificates', body });
}

function row({ id, name, state, usedBy, notAfter }: CertificateView, checked: CheckedCredential | undefined): Html {
  return html`<tr role="row" data-testid="certificate">
<th role="rowheader" scope="row"><a href="/certificates/${id}">${name}</a></th>
<td role="cell" data-label="State">${badge(state)}</td>
<td role="cell" data-label="Used by">${usedBy.length === 0 ? 'no app' : usedBy.map(({ appKey }) => appKey).join(', ')}</td>
<td role="cell" data-label="Ends">${day(notAfter)}</td>
<td role="cell" data-label="Renewal">${renewal(checked)}</td>
<td role="cell" data-label="Rotation">${checked?.rotation ? html`<a href="/certificates/${id}/rotation">${words(checked.rotation.state)}</a>` : 'none'}</td>
</tr>`;
}

function alarm(heartbeat: HeartbeatView): Html | false {
  return heartbeat.overdue && html`<section class="problem" data-testid="alarm"><h2>Nobody looks after the certificates</h2><p>${describe(heartbeat)}</p><p>Look at whatever is meant to run the check. <a href="/check">Run one now</a></p></section>`;
}

function describe({ lastAt, dueBy, overdue }: HeartbeatView): Html {
  if (dueBy === null) return html`No check has run yet, and nothing is stored that it would look after.`;
  const last = lastAt === null ? html`No check was ever completed` : html`The last complete check was at ${instant(lastAt)}`;
  return overdue ? html`${last}: overdue since ${instant(dueBy)}.` : html`${last}; an alarm is raised after ${instant(dueBy)}.`;
}

export async function showCheck({ desk, viewer, show }: Visit): Promise<Reply> {
  const check = await desk.certificates.check(desk.operatorId, { recorded: false });
  return show({ title: 'Check', menu: '/check', body: checkBody(viewer, check, undefined) });
}

export async function runCheck({ desk, viewer, form: { text }, signal, show }: Visit): Promise<Reply> {
  const check = await desk.certificates.check(desk.operatorId, { rotate: text('rotate') === 'yes', signal });
  const done = check.complete ? html`<p class="done" role="status" data-testid="done">The check is complete and on record.</p>` : html`<p class="warn" role="status" data-testid="incomplete">The check could not look at everything, so it does not count. Try again later.</p>`;
  return show({ title: 'Check', menu: '/check', body: checkBody(viewer, check, done) });
}

function checkBody(viewer: Visit['viewer'], { items, heartbeat, steps, attention }: CertificateCheck, done: Html | undefined): Html {
  const names = new Map(items.map(({ certificateId, name }) => [certificateId, name]));
  return html`<h1>Check</h1>
${done}
<p data-testid="verdict" class="${attention ? 'warn' : 'calm'}">${attention ? 'Something needs attention.' : 'Nothing needs attention.'}</p>
<p data-testid="heartbeat">${describe(heartbeat)}</p>
${steps.length > 0 && html`<h2>What it did</h2><ul data-testid="steps">${steps.map(({ certificateId, step, state }) => html`<li>${names.get(certificateId) ?? certificateId}: ${words(step)}, now ${words(state)}</li>`)}</ul>`}
<h2>Credentials in use</h2>
${items.length === 0 ? html`<p>No app has a credential.</p>` : html`<ul class="cards">${items.map(credential)}</ul>`}
<h2>Run the check</h2>
${form({
  action: '/check',
  viewer,
  button: 'Run the check',
  testId: 'run-check',
  body: html`<p>It tells your systems what is new, and leaves the heartbeat that keeps the alarm quiet.</p>${checkField({ name: 'rotate', label: 'Also renew: begin what is due, and take one step of each running rotation' })}`,
})}`;
}

const SOURCES: Readonly<Record<CredentialKind, string>> = { stored: 'A stored certificate', pfx: 'A PFX', pem: 'A PEM file', secret: 'A client secret' };

function credential({ certificateId, name, source, appKeys, status, notAfter, renewAt, rotation, problems }: CheckedCredential): Html {
  return html`<li data-testid="credential"><h3>${certificateId === null ? name : html`<a href="/certificates/${certificateId}">${name}</a>`} ${badge(status)}</h3>
<p>${SOURCES[source]} of ${appKeys.join(', ')}${notAfter !== null && html`; ends ${day(notAfter)}`}${renewAt !== null && html`, renewed from ${day(renewAt)}`}${rotation !== null && html`; rotation ${words(rotation.state)}`}</p>
${problems.map(({ code, message }) => html`<p class="warn">${message} <span class="code">${code}</span></p>`)}</li>`;
}
