/**
 * The outcomes a sign-in can come to, and how the app or the person hears of a refusal.
 */
import type { SandboxResponse } from '../http';
import type { Tenant, User } from '../model';
import { answerAuthorize, errorMembers, redirectTo, stateMember } from './callbacks';
import type { Exchange, Interaction } from './context';
import type { PermissionRow } from './grants';
import { errorPage } from './pages';
import { errorUri, type Refusal } from './refusals';

/** A person who belongs to the tenant they are signing in to. */
export interface Entrant {
  readonly tenant: Tenant;
  readonly user: User;
  /** The name they sign in with, a guest's at home. */
  readonly upn: string;
}

/** An entrant who stands at a consent page with the right to accept it. */
export interface ReadyToConsent extends Entrant {
  readonly permissions: readonly PermissionRow[];
  readonly isDynamic: boolean;
}

export type Step = { readonly kind: 'answer'; readonly response: SandboxResponse } | { readonly kind: 'consent'; readonly ready: ReadyToConsent };

export function answerWith(response: SandboxResponse): Step {
  return { kind: 'answer', response };
}

/** Nothing may be shown: `prompt=none`. */
export function isSilent(interaction: Interaction): boolean {
  return interaction.request.flow === 'authorize' && interaction.request.prompt === 'none';
}

/** A refusal on a page of this host, unless nothing may be shown. */
export function stopOnPage(exchange: Exchange, interaction: Interaction, refusal: Refusal): Step {
  return answerWith(isSilent(interaction) ? refuseToApp(exchange, interaction, refusal) : errorPage(exchange, refusal, interaction));
}

/** A refusal that the app hears about, and the interaction's end. */
export function refuseToApp(exchange: Exchange, interaction: Interaction, refusal: Refusal): SandboxResponse {
  const { request } = interaction;
  exchange.sts.interactions.delete(interaction.id);
  if (request.flow === 'authorize') return answerAuthorize(request, refusal.rule, errorMembers(exchange, refusal));
  const uri = ['error_uri', errorUri(exchange, refusal.code)] as const;
  return redirectTo(refusal.rule, request.redirectUri, [...errorMembers(exchange, refusal), uri, ...stateMember(request.state)]);
}
