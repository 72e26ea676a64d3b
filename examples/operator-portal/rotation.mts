/** A certificate's rotation: where it is and why, what comes when; one step, or the way back. */
import type { CertificateRotation, CredentialProblem, RotationPlan, RotationState } from 'n8n-nodes-m365-onboarding';
import { readCertificate } from './certificate.mts';
import { statusOf, toProblem, type Visit } from './desk.mts';
import { form, type Problem, showProblem, textField } from './fields.mts';
import { html, type Html, instant, words } from './html.mts';
import { redirect, type Reply } from './http.mts';
import { badge, crumb } from './parts.mts';

const SENTENCES: Readonly<Record<RotationState, string>> = {
  issuing: 'The new certificate is being made.',
  registering: 'The new certificate is being put on the apps, beside the old one.',
  proving: 'The token endpoint is asked, again and again, whether it accepts the new certificate.',
  overlap: 'The new certificate signs. The old one is still accepted, for those who have not heard of the new one.',
  retiring: 'The old certificate is being taken off the apps.',
  done: 'The new certificate signs, and the old one is off the apps.',
  rolling_back: 'The new certificate is being taken off the apps again.',
  rolled_back: 'The new certificate was taken back. The old one signs as before.',
};

const DONE: ReadonlyMap<string, string> = new Map(Object.entries({
  issue: 'The new certificate is made; its private key is sealed in the store.',
  register: 'The new certificate is on the apps, beside the old one.',
  prove: 'A round of proof was made.',
  activate: 'The new certificate signs from now on.',
  release: 'It was looked at who still needs the old certificate.',
  retire: 'The old certificate is off the apps.',
  wait: 'Nothing was due yet.',
  none: 'The rotation has ended; there was nothing to do.',
  roll_back: 'The rotation is taken back.',
  released: 'The signer is released: the rotation waits for it no more.',
}));

export async function showRotation(visit: Visit, problem?: Problem, status?: number): Promise<Reply> {
  const { desk, id, viewer, query, show } = visit;
  const { record, checked, plan } = await readCertificate(desk, id);
  const running = plan?.running ?? undefined;
  const done = problem === undefined ? DONE.get(query.get('did') ?? '') : undefined;
  const successor = plan === undefined || plan.certificateId === id ? undefined : plan.certificateId;
  const body = html`${crumb(record)}<h1>Rotation of ${record.name}</h1>
${done !== undefined && html`<p class="done" role="status" data-testid="did">${done}</p>`}
${showProblem(problem)}
${successor !== undefined && html`<p>Another certificate of this line signs now: <a href="/certificates/${successor}/rotation">see its rotation</a>.</p>`}
${running === undefined ? last(checked?.rotation?.state, checked?.rotation?.reasons ?? []) : now(running)}
${stepForms(visit, running)}
${plan !== undefined && showPlan(plan)}
<details${problem?.field === 'signer' && html` open`}><summary>Release a signer</summary>
<p>Your word that somebody signs with the old certificate no more. What is in the way is named with the signer's id.</p>
${form({ action: `/certificates/${id}/signers`, viewer, button: 'Release', testId: 'release', body: textField({ name: 'signer', label: 'Signer', required: true, problem }) })}</details>`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Rotation of ${record.name}`, menu: '/certificates', body }, status);
}

function now({ state, apps, proof, nextStepAt, toCertificateId, fromCertificateId, reasons, startedAt, startedBy }: CertificateRotation): Html {
  return html`<section data-testid="running"><h2>Now ${badge(state)}</h2><p>${SENTENCES[state]}</p>
<dl class="facts"><div><dt>Begun</dt><dd>${instant(startedAt)} by ${startedBy}</dd></div>
<div><dt>Old</dt><dd><a class="mono" href="/certificates/${fromCertificateId}">${fromCertificateId}</a></dd></div>
<div><dt>New</dt><dd>${state === 'issuing' ? 'not made yet' : html`<a class="mono" href="/certificates/${toCertificateId}">${toCertificateId}</a>`}</dd></div>
<div><dt>Apps</dt><dd>${apps.map(({ appKey, registeredAt, removedAt }) => html`<span class="line">${appKey}: ${removedAt === null ? (registeredAt === null ? 'not registered yet' : 'registered') : 'exchanged'}</span>`)}</dd></div>
<div><dt>Proof</dt><dd>rounds made: ${proof.rounds}; good ones in a row: ${proof.goodRounds}${proof.lastProblem !== null && html`; last problem ${proof.lastProblem.serviceCode ?? proof.lastProblem.code}`}</dd></div>
<div><dt>Next step</dt><dd data-testid="next-step">not before ${instant(nextStepAt)}</dd></div></dl>
${listReasons(reasons)}</section>`;
}

function last(state: RotationState | undefined, reasons: readonly CredentialProblem[]): Html {
  if (state === undefined) return html`<p data-testid="running">No rotation is under way.</p>`;
  return html`<section data-testid="running"><h2>The last one ${badge(state)}</h2><p>${SENTENCES[state]}</p>${listReasons(reasons)}</section>`;
}

function listReasons(reasons: readonly CredentialProblem[]): Html | false {
  return reasons.length > 0 && html`<h3>Why it is there</h3><ul data-testid="reasons">${reasons.map(({ code, message }) => html`<li>${message} <span class="code">${code}</span></li>`)}</ul>`;
}

function stepForms({ id, viewer }: Visit, running: CertificateRotation | undefined): Html {
  const action = `/certificates/${id}/rotation`;
  const button = running === undefined ? 'Begin the rotation' : 'Take the next step';
  return html`${form({ action, viewer, button, testId: 'rotate', body: html`<input type="hidden" name="direction" value="forward">` })}
${running !== undefined && html`<details><summary>Take the rotation back</summary><p>The new certificate is taken off the apps, and the old one goes on alone.</p>${form({ action, viewer, button: 'Take it back', testId: 'undo', isDangerous: true, body: html`<input type="hidden" name="direction" value="back">` })}</details>`}`;
}

function showPlan({ running, steps, blockers }: RotationPlan): Html {
  const plan = html`<ol data-testid="plan" class="plan">${steps.map(({ earliestAt, step, does }) => html`<li><strong>${words(step)}</strong>, not before ${instant(earliestAt)}<br>${does}</li>`)}</ol>`;
  return html`${running === null ? html`<h2>What it would do</h2>${plan}` : html`<details><summary>What a new one would do</summary>${plan}</details>`}
${blockers.length > 0 && html`<h3>What is in the way of the end</h3><ul data-testid="blockers">${blockers.map(({ message, code }) => html`<li>${message} <span class="code">${code}</span></li>`)}</ul>`}`;
}

export async function rotate(visit: Visit): Promise<Reply> {
  const { desk, id, form: { text }, signal } = visit;
  try {
    const { step } = text('direction') === 'back' ? await desk.certificates.undoRotation(id, desk.operatorId, signal) : await desk.certificates.rotate(id, desk.operatorId, signal);
    return redirect(`/certificates/${id}/rotation?did=${step}`);
  } catch (error) {
    return showRotation(visit, toProblem(error), statusOf(error));
  }
}

export async function release(visit: Visit): Promise<Reply> {
  const { desk, id, form: { text } } = visit;
  try {
    await desk.certificates.releaseSigner(text('signer').trim(), desk.operatorId);
    return redirect(`/certificates/${id}/rotation?did=released`);
  } catch (error) {
    return showRotation(visit, toProblem(error, ['signer']), statusOf(error));
  }
}
