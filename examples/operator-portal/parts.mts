/** Pieces that several pages show. */
import type { CertificateView, CheckedCredential } from 'n8n-nodes-m365-onboarding';
import { areaField, type Problem, textField } from './fields.mts';
import { day, html, type Html, words } from './html.mts';

export function crumb({ id, name }: Pick<CertificateView, 'id' | 'name'>): Html {
  return html`<p class="crumb"><a href="/certificates">Certificates</a> / <a href="/certificates/${id}">${name}</a></p>`;
}

export function badge(state: string): Html {
  return html`<span class="badge ${state}">${words(state)}</span>`;
}

export function renewal(checked: CheckedCredential | undefined): Html {
  if (checked === undefined) return html`not watched: no app uses it`;
  return html`${badge(checked.status)}${checked.renewAt !== null && html` from ${day(checked.renewAt)}`}`;
}

export function namingFields({ name, description, problem }: { readonly name: string; readonly description: string; readonly problem: Problem | undefined }): Html {
  return html`${textField({ name: 'name', label: 'Name', hint: 'Unique among your certificates; at most 80 characters.', value: name, maxLength: 80, required: true, problem })}
${areaField({ name: 'description', label: 'Description', hint: 'For whom and what it is.', value: description, maxLength: 400, problem })}`;
}
