/** One certificate: what it is, who uses it; its names, its registration on an app, its end. */
import { type CertificateView, type CheckedCredential, hasCode, type RotationPlan, type Thumbprints } from 'n8n-nodes-m365-onboarding';
import { type Desk, statusOf, toProblem, type Visit } from './desk.mts';
import { checkField, form, type Problem, selectField, showProblem } from './fields.mts';
import { offersOf } from './export.mts';
import { day, html, type Html, instant, words } from './html.mts';
import { redirect, type Reply } from './http.mts';
import { badge, crumb, namingFields, renewal } from './parts.mts';

const DONE: ReadonlyMap<string, string> = new Map(Object.entries({
  generated: 'The certificate is generated. Its private key stays sealed in the store.',
  imported: 'The certificate is imported. Its private key is sealed in the store.',
  edited: 'The change is saved.',
  registered: 'The certificate is on the app, and the token endpoint accepted it.',
  unregistered: 'The certificate is off the app.',
  offered: 'The PFX is ready.',
}));

export interface Known {
  readonly record: CertificateView;
  /** Undefined while no app uses it. */
  readonly checked: CheckedCredential | undefined;
  /** Undefined when the line it belongs to has no certificate any more. */
  readonly plan: RotationPlan | undefined;
}

export async function readCertificate({ certificates, operatorId }: Desk, id: string): Promise<Known> {
  const record = await certificates.show(id, operatorId);
  const { items } = await certificates.check(operatorId, { recorded: false });
  const plan = await certificates.planRotation(id, operatorId).catch((error: unknown) => {
    if (hasCode(error, 'CERTIFICATE_NOT_FOUND')) return undefined;
    throw error;
  });
  return { record, checked: items.find(({ certificateId }) => certificateId === id), plan };
}

export async function showCertificate(visit: Visit, problem?: Problem, status?: number): Promise<Reply> {
  const { desk, id, query, show } = visit;
  const known = await readCertificate(desk, id);
  const { record } = known;
  const done = problem === undefined ? DONE.get(query.get('done') ?? '') : undefined;
  const body = html`<p class="crumb"><a href="/certificates">Certificates</a></p>
<h1 data-testid="name">${record.name}</h1>
${done !== undefined && html`<p class="done" role="status" data-testid="done">${done}</p>`}
${showProblem(problem)}
${offersOf(visit)}
${record.description !== '' && html`<p class="description" data-testid="description">${record.description}</p>`}
<nav aria-label="This certificate"><ul class="tabs">${actions(record).map(([path, label]) => html`<li><a href="/certificates/${id}/${path}">${label}</a></li>`)}</ul></nav>
${facts(known)}
<h2>Used by</h2>
${record.usedBy.length === 0 ? html`<p data-testid="used-by">No app yet. <a href="/certificates/${id}/register">Register it on one</a>.</p>` : html`<ul data-testid="used-by">${record.usedBy.map(({ appKey, appId, registeredAt }) => html`<li>${appNameOf(desk, appKey)} <span class="mono">${appId}</span>, since ${instant(registeredAt)}</li>`)}</ul>`}
<h2>Thumbprints</h2>
${thumbprints(record.thumbprints)}
<h2>For the upload to Entra ID</h2>
<p>The public part holds no secret: <a href="/certificates/${id}/public.cer">as .cer</a>, <a href="/certificates/${id}/public.pem">as .pem</a></p>`;
  return show({ title: record.name, menu: '/certificates', body }, status);
}

function actions({ state }: CertificateView): readonly (readonly [string, string])[] {
  return [['edit', 'Edit'], ...(state === 'retired' ? [] : [['register', 'Register on an app'] as const]), ['rotation', 'Rotation'], ['export', 'Export with the key'], ['delete', 'Delete']];
}

function facts({ record, checked, plan }: Known): Html {
  const successor = plan === undefined || plan.certificateId === record.id ? undefined : plan.certificateId;
  const rows: readonly (readonly [string, Html])[] = [
    ['State', html`${badge(record.state)}${successor !== undefined && html` <a href="/certificates/${successor}">Another one of its line signs now</a>`}`],
    ['Valid', html`${day(record.notBefore)} to ${day(record.notAfter)}`],
    ['Renewal', renewal(checked)],
    ['Rotation', html`<a href="/certificates/${record.id}/rotation">${words(plan?.running?.state ?? checked?.rotation?.state ?? 'none')}</a>`],
    ['Subject', html`${record.subject}`],
    ['Key', html`${record.keyType.toUpperCase()} ${record.keyBits}, ${record.source}`],
    ['Stored', html`${instant(record.createdAt)} by ${record.createdBy}`],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${checked?.problems.map(({ message }) => html`<p class="warn">${message}</p>`)}`;
}

const SPELLINGS: readonly (readonly [keyof Thumbprints, string])[] = [
  ['sha1Hex', 'SHA-1, as Entra ID shows it'],
  ['sha1Colon', 'SHA-1, with colons'],
  ['sha1Base64Url', 'SHA-1, base64url (x5t)'],
  ['sha256Hex', 'SHA-256'],
  ['sha256Colon', 'SHA-256, with colons'],
  ['sha256Base64Url', 'SHA-256, base64url (x5t#S256)'],
];

function thumbprints(spelled: Thumbprints): Html {
  return html`<dl class="facts" data-testid="thumbprints">${SPELLINGS.map(([spelling, label]) => html`<div><dt>${label}</dt><dd class="mono">${spelled[spelling]}</dd></div>`)}</dl>`;
}

function appNameOf({ apps }: Desk, appKey: string): string {
  return apps.find(({ key }) => key === appKey)?.name ?? appKey;
}

export async function showEdit(visit: Visit, problem?: Problem, status?: number): Promise<Reply> {
  const { desk, id, viewer, form: { text }, show } = visit;
  const record = await desk.certificates.show(id, desk.operatorId);
  const [name, description] = problem === undefined ? [record.name, record.description] : [text('name'), text('description')];
  const body = html`${crumb(record)}<h1>Edit ${record.name}</h1>${showProblem(problem)}
${form({ action: `/certificates/${id}/edit`, viewer, button: 'Save', testId: 'save', cancel: `/certificates/${id}`, body: namingFields({ name, description, problem }) })}`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Edit ${record.name}`, body }, status);
}

export async function edit(visit: Visit): Promise<Reply> {
  const { desk, id, form: { text } } = visit;
  try {
    await desk.certificates.edit(id, { name: text('name'), description: text('description') }, desk.operatorId);
    return redirect(`/certificates/${id}?done=edited`);
  } catch (error) {
    return showEdit(visit, toProblem(error, ['name', 'description']), statusOf(error));
  }
}

export async function showDelete(visit: Visit, problem?: Problem, status?: number): Promise<Reply> {
  const { desk, id, viewer, show } = visit;
  const record = await desk.certificates.show(id, desk.operatorId);
  const body = html`${crumb(record)}<h1>Delete ${record.name}?</h1>${showProblem(problem)}
<p>Its private key is deleted with it, for good. Whoever still has a file of it keeps that file.</p>
<dl class="facts"><div><dt>SHA-1</dt><dd class="mono">${record.thumbprintSha1}</dd></div><div><dt>Ends</dt><dd>${day(record.notAfter)}</dd></div></dl>
${form({ action: `/certificates/${id}/delete`, viewer, button: 'Delete for good', testId: 'delete', isDangerous: true, cancel: `/certificates/${id}`, body: checkField({ name: 'confirm', label: 'Yes, delete this certificate and its private key', required: true, problem }) })}`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Delete ${record.name}`, body }, status);
}

export async function remove(visit: Visit): Promise<Reply> {
  const { desk, id, form: { text } } = visit;
  if (text('confirm') !== 'yes') return showDelete(visit, { field: 'confirm', message: 'Confirm that you mean it.' }, 422);
  try {
    await desk.certificates.remove(id, { confirm: true }, desk.operatorId);
    return redirect('/certificates?done=deleted');
  } catch (error) {
    if (hasCode(error, 'CERTIFICATE_NOT_FOUND')) throw error;
    return showDelete(visit, toProblem(error), statusOf(error));
  }
}

export async function showRegister(visit: Visit, problem?: Problem, status?: number): Promise<Reply> {
  const { desk, id, viewer, form: { text }, show } = visit;
  const record = await desk.certificates.show(id, desk.operatorId);
  const taken = new Set(record.usedBy.map(({ appKey }) => appKey));
  const choices = desk.apps.map(({ key, name }) => ({ value: key, label: taken.has(key) ? `${name} (has it; proven again)` : name }));
  const body = html`${crumb(record)}<h1>Register ${record.name}</h1>${showProblem(problem)}
<p>The public part is added to the app registration in your home tenant, beside what is there. Then a token is asked for with it, as the proof that it is accepted.</p>
${form({ action: `/certificates/${id}/register`, viewer, button: 'Register and prove', testId: 'register', cancel: `/certificates/${id}`, body: selectField({ name: 'app', label: 'App', value: text('app'), choices, required: true, problem }) })}
${taken.size > 0 && html`<h2>Take it off an app</h2><p>Its key is removed there, proven by the certificate that signs. One that signs itself stays: rotate it instead.</p>
${record.usedBy.map(({ appKey }) => form({ action: `/certificates/${id}/unregister`, viewer, button: `Take it off ${appNameOf(desk, appKey)}`, testId: `unregister-${appKey}`, isDangerous: true, body: html`<input type="hidden" name="app" value="${appKey}">` }))}`}`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Register ${record.name}`, body }, status);
}

export async function register(visit: Visit): Promise<Reply> {
  const { desk, id, form: { text }, signal } = visit;
  try {
    await desk.certificates.register(id, text('app'), desk.operatorId, signal);
    return redirect(`/certificates/${id}?done=registered`);
  } catch (error) {
    if (hasCode(error, 'CERTIFICATE_NOT_FOUND')) throw error;
    return showRegister(visit, toProblem(error, ['app']), statusOf(error));
  }
}

export async function unregister(visit: Visit): Promise<Reply> {
  const { desk, id, form: { text }, signal } = visit;
  try {
    await desk.certificates.unregister(id, text('app'), desk.operatorId, signal);
    return redirect(`/certificates/${id}?done=unregistered`);
  } catch (error) {
    if (hasCode(error, 'CERTIFICATE_NOT_FOUND')) throw error;
    return showRegister(visit, toProblem(error), statusOf(error));
  }
}
