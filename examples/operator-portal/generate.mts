/** A new certificate. Its private key stays sealed in the store; with a password a PFX of it can be fetched once. */
import { showCertificate } from './certificate.mts';
import { statusOf, toProblem, type Visit } from './desk.mts';
import { judgeNewPassword, newPasswordFields, offerPfx } from './export.mts';
import { checkField, form, type Problem, selectField, showProblem, textField } from './fields.mts';
import { html } from './html.mts';
import { redirect, type Reply } from './http.mts';
import { namingFields } from './parts.mts';

const KEY_SIZES = [2048, 3072, 4096] as const;

export function showGenerate({ viewer, form: { text }, show }: Visit, problem?: Problem, status?: number): Reply {
  const isNew = problem === undefined;
  const choices = KEY_SIZES.map((bits) => ({ value: String(bits), label: `RSA ${bits}` }));
  const body = html`<h1>Generate a certificate</h1>${showProblem(problem)}
${form({
  action: '/certificates/new',
  viewer,
  button: 'Generate',
  testId: 'generate',
  cancel: '/certificates',
  body: html`${namingFields({ name: text('name'), description: text('description'), problem })}
${textField({ name: 'subject', label: 'Subject', hint: 'Common name in the certificate, at most 64 characters. Empty: the name.', value: text('subject'), maxLength: 64, problem })}
${selectField({ name: 'keyBits', label: 'Key', value: isNew ? '3072' : text('keyBits'), choices, required: true, problem })}
${textField({ name: 'lifetimeDays', label: 'Days it lives', hint: '1 to 3650. Empty: a year, or as long as the policy of your tenant allows.', type: 'number', value: text('lifetimeDays'), problem })}
<fieldset><legend>A file to take away</legend>
${checkField({ name: 'withPfx', label: 'Download a PFX with the private key', hint: 'Only when something else has to sign in with it. It can be fetched once.', checked: text('withPfx') === 'yes', problem })}
${newPasswordFields(problem, false)}</fieldset>`,
})}`;
  return show({ title: `${isNew ? '' : 'Error: '}Generate a certificate`, menu: '/certificates/new', body }, status);
}

export async function generate(visit: Visit): Promise<Reply> {
  const { desk, form: { text } } = visit;
  const withPfx = text('withPfx') === 'yes';
  const problem = withPfx ? judgeNewPassword(text('password'), text('repeatedPassword')) : judgeNoPassword(text('password'));
  if (problem !== undefined) return showGenerate(visit, problem, 422);
  const keyBits = KEY_SIZES.find((bits) => String(bits) === text('keyBits'));
  if (keyBits === undefined) return showGenerate(visit, { field: 'keyBits', message: 'A key has 2048, 3072 or 4096 bits.' }, 422);
  try {
    const subject = text('subject').trim() === '' ? undefined : text('subject');
    const lifetimeDays = text('lifetimeDays').trim() === '' ? undefined : Number(text('lifetimeDays'));
    const { id } = await desk.certificates.generate({ name: text('name'), description: text('description'), subject, keyBits, lifetimeDays }, desk.operatorId);
    return withPfx ? await offer({ ...visit, id }) : redirect(`/certificates/${id}?done=generated`);
  } catch (error) {
    return showGenerate(visit, toProblem(error, ['name', 'description', 'subject', 'keyBits', 'lifetimeDays']), statusOf(error));
  }
}

/** Who types a password expects a file. */
function judgeNoPassword(password: string): Problem | undefined {
  return password === '' ? undefined : { field: 'withPfx', message: 'A password is for the PFX: ask for the file, or leave the password empty.' };
}

/** The certificate is there whatever becomes of its file. */
async function offer(visit: Visit): Promise<Reply> {
  try {
    await offerPfx(visit, visit.id, 'modern');
    return redirect(`/certificates/${visit.id}?done=generated`);
  } catch (error) {
    return showCertificate(visit, toProblem(error), statusOf(error));
  }
}
