/**
 * The addresses of the core's pages as n8n's webhooks. n8n routes exact addresses, so every page is a webhook of its own
 * under one fixed path; the panel shows the two that are registered in Entra ID and hides the rest.
 */
import type { IWebhookDescription } from 'n8n-workflow';

type Method = 'GET' | 'POST';

/** Shown with its production URL in the panel, in this order. */
const REGISTERED: readonly (readonly [path: string, methods: readonly Method[]])[] = [
  ['consent/callback', ['GET', 'POST']],
  ['sign-in/callback', ['POST', 'GET']],
];

const OTHERS: readonly (readonly [path: string, methods: readonly Method[]])[] = [
  ['invite', ['GET', 'POST']],
  ['consent/next', ['GET']],
  ['sign-in/confirm', ['GET', 'POST']],
  ['.well-known/jwks.json', ['GET']],
  ['impersonation/redeem', ['POST']],
  ['healthz', ['GET']],
];

export const WEBHOOKS: IWebhookDescription[] = [...describe(REGISTERED, true), ...describe(OTHERS, false)];

function describe(pages: typeof REGISTERED, isRegistered: boolean): IWebhookDescription[] {
  return pages.flatMap(([path, methods]) =>
    methods.map((httpMethod, index) => ({
      name: 'default' as const,
      httpMethod,
      path: `={{$parameter["path"]}}/${path}`,
      isFullPath: true,
      // The node answers by itself, before the workflow runs.
      responseMode: 'onReceived',
      // Both methods of one address are one line in the panel.
      ndvHideUrl: !isRegistered || index > 0,
    })),
  );
}
