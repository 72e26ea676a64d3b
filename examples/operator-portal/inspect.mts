/** The PFX doctor: what is in a file and what is wrong with it. Nothing is stored. */
import { type FileReport, inspectCertificateFile, type ReadableFile, secret } from 'n8n-nodes-m365-onboarding';
import type { Visit } from './desk.mts';
import { fileField, form, passwordField, type Problem, showProblem } from './fields.mts';
import { html, type Html } from './html.mts';
import type { Reply } from './http.mts';
import { FILE_TYPES } from './import.mts';
import { badge } from './parts.mts';

export function showInspect({ viewer, show }: Visit, problem?: Problem, report?: Html): Reply {
  const body = html`<h1>Inspect a file</h1>${showProblem(problem)}${report}
<p>The file is read and forgotten; nothing is stored.</p>
${form({
  action: '/inspect',
  viewer,
  button: 'Inspect',
  testId: 'inspect',
  isUpload: true,
  body: html`${fileField({ name: 'file', label: 'File', hint: 'A PFX (.pfx, .p12); at most 1 MiB.', accept: FILE_TYPES, required: true, problem })}
${passwordField({ name: 'password', label: 'Password of the file', hint: 'Empty: the empty password is tried, then none.', isNew: false, problem })}`,
})}`;
  return show({ title: `${problem === undefined ? '' : 'Error: '}Inspect a file`, menu: '/inspect', body }, problem === undefined ? 200 : 422);
}

export async function inspect(visit: Visit): Promise<Reply> {
  const { desk, form: { text, file }, signal } = visit;
  const bytes = await file('file');
  if (bytes === undefined) return showInspect(visit, { field: 'file', message: 'Choose a file.' });
  const password = text('password') === '' ? undefined : secret(text('password'));
  const report: FileReport = await inspectCertificateFile(desk.ports, { bytes, password, signal });
  if (report.ok) return showInspect(visit, undefined, describe(report));
  const { code, message, remedy } = report.error;
  return showInspect(visit, { code, message, remedy, field: code.startsWith('PFX_PASSWORD_') ? 'password' : 'file' });
}

function describe({ container, certificates, keys, problems, usableForEntra }: ReadableFile): Html {
  const encryption = container.encryption.length === 0 ? 'none' : `${container.encryption.join(', ')}; ${container.kdfIterations.join(', ')} iterations`;
  return html`<section class="report" data-testid="report" role="status"><h2>What is in it</h2>
<p class="${usableForEntra ? 'calm' : 'warn'}" data-testid="usable">An app ${usableForEntra ? 'can' : 'cannot'} sign in to Microsoft with it.</p>
${problems.length > 0 && html`<ul data-testid="problems">${problems.map(({ severity, message, code }) => html`<li>${badge(severity)} ${message} <span class="code">${code}</span></li>`)}</ul>`}
<dl class="facts"><div><dt>Integrity code</dt><dd>${container.mac === null ? 'none' : `${container.mac}; ${container.macIterations ?? 1} iterations`}</dd></div><div><dt>Encryption</dt><dd>${encryption}</dd></div></dl>
${certificates.map(
  ({ subject, issuer, notBefore, notAfter, keyType, keyBits, thumbprintSha1, thumbprintSha256, isLeaf }) => html`<h3>${subject}${!isLeaf && ' (issuer of another)'}</h3>
<dl class="facts"><div><dt>Issuer</dt><dd>${issuer}</dd></div><div><dt>Valid</dt><dd>${notBefore.slice(0, 10)} to ${notAfter.slice(0, 10)}</dd></div><div><dt>Key</dt><dd>${keyType} ${keyBits}</dd></div><div><dt>SHA-1</dt><dd class="mono">${thumbprintSha1}</dd></div><div><dt>SHA-256</dt><dd class="mono">${thumbprintSha256}</dd></div></dl>`,
)}
<h3>Private keys</h3>
${keys.length === 0 ? html`<p>None.</p>` : html`<ul>${keys.map(({ type, bits, matchesCertificate }) => html`<li>${type} ${bits}, ${matchesCertificate === null ? 'without its certificate' : html`of <span class="mono">${matchesCertificate}</span>`}</li>`)}</ul>`}
</section>`;
}
