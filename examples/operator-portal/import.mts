/**
 * A certificate of somebody else's making: a PFX, PEM or DER file with its private key, the password twice. A file with several
 * certificates waits some minutes in memory, without its password, until one of them is chosen.
 */
import { hasCode, type ImportRequest, type OnboardingError, secret } from 'n8n-nodes-m365-onboarding';
import { type Choice, statusOf, toProblem, type Upload, type Visit } from './desk.mts';
import { fileField, form, passwordField, type Problem, radioField, showProblem } from './fields.mts';
import { html, type Html } from './html.mts';
import { redirect, type Reply } from './http.mts';
import { namingFields } from './parts.mts';

export const UPLOAD_SECONDS = 5 * 60;
export const FILE_TYPES = '.pfx,.p12,.pem,.cer,.crt,.der,.key';

export function showImport({ viewer, form: { text }, show }: Visit, problem?: Problem, status?: number): Reply {
  const body = html`<h1>Import a certificate</h1>${showProblem(problem)}
${problem !== undefined && html`<p>Choose the file and type the passwords again; a browser does not keep them.</p>`}
${form({
  action: '/certificates/import',
  viewer,
  button: 'Import',
  testId: 'import',
  isUpload: true,
  cancel: '/certificates',
  body: html`${fileField({ name: 'file', label: 'File', hint: 'PFX, PEM or DER, with the private key; at most 1 MiB.', accept: FILE_TYPES, required: true, problem })}
${filePasswordFields(problem)}
${namingFields({ name: text('name'), description: text('description'), problem })}`,
})}
<p>Not sure what is in it? <a href="/inspect">Inspect it first</a>; nothing is stored then.</p>`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Import a certificate`, menu: '/certificates/import', body }, status);
}

function filePasswordFields(problem: Problem | undefined): Html {
  return html`${passwordField({ name: 'password', label: 'Password of the file', hint: 'What it was exported with; empty when it has none.', isNew: false, problem })}
${passwordField({ name: 'repeatedPassword', label: 'The same password again', isNew: false, problem })}`;
}

export async function importFile(visit: Visit): Promise<Reply> {
  const { form: { text, file } } = visit;
  const bytes = await file('file');
  if (bytes === undefined) return showImport(visit, { field: 'file', message: 'Choose a file.' }, 422);
  const upload = { bytes, name: text('name'), description: text('description') };
  try {
    return await store(visit, upload);
  } catch (error) {
    if (hasCode(error, 'CERTIFICATE_FILE_UNUSABLE') && choicesOf(error).length > 1) return showChoices(visit, upload, error);
    return showImport(visit, toProblem(error, ['file', 'password', 'repeatedPassword', 'name', 'description']), statusOf(error));
  }
}

async function store({ desk, form: { text }, signal }: Visit, upload: Upload, select?: string): Promise<Reply> {
  const [password, repeatedPassword] = [secret(text('password')), secret(text('repeatedPassword'))];
  // Both empty: none was given, for which the library tries the empty password and then null.
  const given = password.reveal() === '' && repeatedPassword.reveal() === '' ? {} : { password, repeatedPassword };
  const request: ImportRequest = { ...upload, ...given, select, signal };
  const { record } = await desk.certificates.importFile(request, desk.operatorId);
  return redirect(`/certificates/${record.id}?done=imported`);
}

export async function choose(visit: Visit): Promise<Reply> {
  const { desk, session, form: { text } } = visit;
  const upload = desk.uploads.take(session.id, text('ticket'));
  if (upload === undefined) return showImport(visit, { message: 'The file waited for your choice too long and is forgotten.', remedy: 'Choose it again.' }, 410);
  try {
    return await store(visit, upload, text('select'));
  } catch (error) {
    return showChoices(visit, upload, error);
  }
}

/** Keeps the upload again: every answer has a ticket of its own. */
async function showChoices(visit: Visit, upload: Upload, error: unknown): Promise<Reply> {
  const { desk, session, viewer, form: { text }, show } = visit;
  const isFirst = hasCode(error, 'CERTIFICATE_FILE_UNUSABLE') && text('ticket') === '';
  const problem = isFirst ? undefined : toProblem(error, ['select', 'password', 'repeatedPassword', 'name']);
  const known = hasCode(error, 'CERTIFICATE_FILE_UNUSABLE', 'CERTIFICATE_INPUT_INVALID') ? choicesOf(error) : [];
  const choices = known.length > 0 ? known : (upload.choices ?? []);
  const ticket = desk.uploads.put(session.id, { ...upload, choices });
  const body = html`<h1>Which certificate?</h1>${showProblem(problem)}
<p>The file holds several certificates with their keys. One of them is imported as <strong>${upload.name}</strong>.</p>
${form({
  action: '/certificates/import/choose',
  viewer,
  button: 'Import this one',
  testId: 'choose',
  cancel: '/certificates/import',
  body: html`<input type="hidden" name="ticket" value="${ticket}">
${radioField({ name: 'select', label: 'Certificate', value: text('select'), choices: choices.map(({ thumbprintSha256, thumbprintSha1, subject, notAfter }) => ({ value: thumbprintSha256, label: `${subject}, ends ${notAfter.slice(0, 10)}`, note: thumbprintSha1 })), problem })}
${filePasswordFields(problem)}`,
})}`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Which certificate?`, menu: '/certificates/import', body }, problem === undefined ? 200 : statusOf(error));
}

function choicesOf({ details }: OnboardingError): readonly Choice[] {
  return Array.isArray(details['choices']) ? details['choices'] : [];
}
