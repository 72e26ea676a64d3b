/**
 * A certificate as a file. The public part is there for everybody who may look; a file with the private key is made under a new
 * password, waits in memory, and is handed out once.
 */
import { type PfxProfile, secret } from 'n8n-nodes-m365-onboarding';
import { statusOf, toProblem, type Visit } from './desk.mts';
import { form, passwordField, type Problem, selectField, showProblem } from './fields.mts';
import { html, type Html, instant } from './html.mts';
import { download, redirect, type Reply } from './http.mts';
import { crumb } from './parts.mts';

export const OFFER_SECONDS = 5 * 60;
const MAX_PASSWORD_LENGTH = 256;

export async function sendPublicPart(visit: Visit, format: 'cer' | 'pem'): Promise<Reply> {
  const { desk, id } = visit;
  const { fileName, mimeType, bytes } = await desk.certificates.exportFile(id, { format }, desk.operatorId);
  return download(fileName, mimeType, bytes);
}

export function newPasswordFields(problem: Problem | undefined, required: boolean): Html {
  return html`${passwordField({ name: 'password', label: 'Password of the file', hint: 'Up to 256 characters. It is kept nowhere: whoever loses it exports again.', isNew: true, required, depends: true, problem })}
${passwordField({ name: 'repeatedPassword', label: 'The same password again', isNew: true, required, depends: true, problem })}`;
}

/** Undefined when both fields hold the same usable password. */
export function judgeNewPassword(password: string, repeated: string): Problem | undefined {
  if (password === '' || Array.from(password).length > MAX_PASSWORD_LENGTH) return { field: 'password', message: 'A file with a private key needs a password of 1 to 256 characters.' };
  return password === repeated ? undefined : { field: 'repeatedPassword', message: 'The two passwords are not the same.' };
}

export async function showExport(visit: Visit, problem?: Problem, status?: number): Promise<Reply> {
  const { desk, id, viewer, form: { text }, show } = visit;
  const record = await desk.certificates.show(id, desk.operatorId);
  const profiles = [{ value: 'modern', label: 'AES-256, for everything current' }, { value: 'legacy', label: '3DES, for Windows Server 2016 and before' }];
  const body = html`${crumb(record)}<h1>Export ${record.name} with its key</h1>${showProblem(problem)}
<p>The file can sign in as your apps wherever it goes. The export is audited, and a rotation waits until you say that nobody signs with the file any more.</p>
${form({
  action: `/certificates/${id}/export`,
  viewer,
  button: 'Make the PFX',
  testId: 'export',
  cancel: `/certificates/${id}`,
  body: html`${newPasswordFields(problem, true)}${selectField({ name: 'profile', label: 'Protection', value: text('profile'), choices: profiles, required: true, problem })}`,
})}
<h2>Without the key</h2><p><a href="/certificates/${id}/public.cer">The public part as .cer</a>, <a href="/certificates/${id}/public.pem">as .pem</a></p>`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Export ${record.name}`, body }, status);
}

export async function exportPfx(visit: Visit): Promise<Reply> {
  const { id, form: { text } } = visit;
  const problem = judgeNewPassword(text('password'), text('repeatedPassword'));
  if (problem !== undefined) return showExport(visit, problem, 422);
  try {
    await offerPfx(visit, id, text('profile') === 'legacy' ? 'legacy' : 'modern');
    return redirect(`/certificates/${id}?done=offered`);
  } catch (error) {
    return showExport(visit, toProblem(error, ['password', 'profile']), statusOf(error));
  }
}

/** Makes the file under the password of the form, and keeps it for this browser. */
export async function offerPfx({ desk, session, form: { text }, signal }: Visit, certificateId: string, profile: PfxProfile): Promise<void> {
  const { fileName, mimeType, bytes } = await desk.certificates.exportFile(certificateId, { format: 'pfx', password: secret(text('password')), profile, signal }, desk.operatorId);
  desk.offers.put(session.id, { certificateId, fileName, mimeType, bytes });
}

/** What waits to be fetched by this browser. */
export function offersOf({ desk, session, viewer, id }: Visit): readonly Html[] {
  const mine = desk.offers.waiting(session.id).filter(({ value }) => value.certificateId === id);
  return mine.map(
    ({ ticket, value, expiresAt }) => html`<section class="offer" data-testid="offer"><h2>${value.fileName}</h2>
<p>With the private key, under your password. You can fetch it once, until ${instant(expiresAt)}; after that only by another export.</p>
${form({ action: '/downloads', viewer, button: 'Download once', testId: 'download', body: html`<input type="hidden" name="ticket" value="${ticket}">` })}</section>`,
  );
}

export async function sendOnce({ desk, session, form: { text }, show }: Visit): Promise<Reply> {
  const offer = desk.offers.take(session.id, text('ticket'));
  if (offer !== undefined) return download(offer.fileName, offer.mimeType, offer.bytes);
  const problem: Problem = { message: 'This file was fetched already, or its minutes are over.', remedy: 'If you do not have it, export the certificate again; its private key is still sealed in the store.' };
  return show({ title: 'No longer there', body: html`<h1>No longer there</h1>${showProblem(problem)}<p><a href="/certificates">Back to the certificates</a></p>` }, 410);
}
