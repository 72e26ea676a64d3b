/** What several pages share: where their forms go, who is signed in, initials, and how a refusal is told. */
import { describe, type Refusal } from './refusals';
import type { Exchange, Interaction } from './context';
import { html, type Html } from './html';

export const NOTHING = html``;

export function formAction(interaction: Interaction, action: 'login' | 'consent'): string {
  const { authority } = interaction;
  return `/${authority.kind === 'tenant' ? authority.tenant.tenantId : authority.segment}/${action}`;
}

export function contextField(interaction: Interaction): Html {
  return html`<input type="hidden" name="ctx" value="${interaction.id}">`;
}

/** Up to two letters, for a picture nobody has to fetch. */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return words.slice(0, 2).map((word) => /^./u.exec(word)?.[0] ?? '').join('').toUpperCase();
}

export function signedInAs(interaction: Interaction, account: string): Html {
  return html`<div class="who"><span data-testid="signed-in-as">${account}</span>
<form method="post" action="${formAction(interaction, 'consent')}">
${contextField(interaction)}
<button class="text" name="decision" value="switch" data-testid="switch-account">Switch account</button>
</form></div>`;
}

export function inlineError(exchange: Exchange, refusal: Refusal | undefined): Html {
  return refusal === undefined ? NOTHING : errorDetail(exchange, refusal);
}

export function errorDetail(exchange: Exchange, refusal: Pick<Refusal, 'code' | 'message'>): Html {
  return html`<div class="failure" role="alert" id="problem"><p class="error" data-testid="error-message">${refusal.message}</p>
<p class="detail" data-testid="error-code" data-code="AADSTS${refusal.code}">${describe(exchange, refusal)}</p></div>`;
}
