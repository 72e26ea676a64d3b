/**
 * The admin consent workflow: where an organisation has it, people who may not consent can ask an administrator from the
 * page. The request is kept for the control door; the administrator consents at the admin consent page as ever.
 * Source: "Overview of admin consent workflow", "Microsoft Entra authentication and authorization error codes".
 */
import type { SandboxResponse } from '../http';
import { requestSentPage, type WallReason } from './consent-pages';
import type { Exchange, Interaction } from './context';
import type { Entrant } from './steps';

const REQUEST_ACCESS = 90095;
const RISKY_REQUEST = 900981;

/** The wall, with the form for a request where the organisation takes them. */
export function offerRequest(exchange: Exchange, interaction: Interaction, { tenant, upn }: Entrant, reason: WallReason): WallReason {
  const { policies } = exchange.sts;
  interaction.mayRequest = policies.consentIn(tenant.tenantId).requests === true ? { tenantId: tenant.tenantId, person: upn } : undefined;
  if (interaction.mayRequest === undefined) return reason;
  const code = policies.isRisky(interaction.application.appId) ? RISKY_REQUEST : REQUEST_ACCESS;
  return { rule: 'POLICY-WORKFLOW', code, mayRequest: true };
}

/** Undefined when the page had no such form. */
export function sendRequest(exchange: Exchange, interaction: Interaction): SandboxResponse | undefined {
  const { mayRequest, application } = interaction;
  if (mayRequest === undefined) return undefined;
  const reason = (exchange.form.get('reason') ?? '').slice(0, 500);
  const requestedAt = new Date(exchange.world.now()).toISOString();
  exchange.sts.consentRequests.push({ ...mayRequest, appId: application.appId, reason, requestedAt });
  interaction.mayRequest = undefined;
  return requestSentPage(interaction, mayRequest.person);
}
