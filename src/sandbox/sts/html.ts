/**
 * HTML for the sign-in host: a template tag that escapes whatever is put into it, and the frame every page sits
 * in. Pages work without scripts and load nothing from anywhere.
 */
import { randomBytes } from 'node:crypto';
import { respond, type SandboxResponse } from '../http';
import { rule, type RuleId } from '../rules';
import { STYLE } from './style';

/** Markup that needs no escaping any more. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

type Piece = string | number | Html | readonly Html[];

/** `html\`<p>${text}</p>\``: text is escaped, `Html` and lists of it are not. */
export function html(parts: TemplateStringsArray, ...values: readonly Piece[]): Html {
  const rendered = parts.map((part, index) => part + (index < values.length ? render(values[index] ?? '') : ''));
  return new Html(rendered.join(''));
}

function render(value: Piece): string {
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(String).join('');
  return escapeHtml(String(value));
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

export interface PageOptions {
  readonly rule: RuleId;
  readonly status?: number;
  readonly title: string;
  readonly body: Html;
  /** Run once the page is there; the page must work without it. */
  readonly script?: string;
}

export function page({ rule: ruleId, status = 200, title, body, script }: PageOptions): SandboxResponse {
  const nonce = randomBytes(16).toString('base64');
  const scriptTag = script === undefined ? html`` : new Html(`<script nonce="${nonce}">${script}</script>`);
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Sandbox sign-in</title>
<style nonce="${nonce}">${new Html(STYLE)}</style>
</head>
<body>
<main>
<p class="brand">Sandbox sign-in</p>
<div class="content">
${body}
</div>
</main>
<footer>A local stand-in for Microsoft Entra ID. Not a Microsoft page.</footer>
${scriptTag}
</body>
</html>
`;
  return respond(rule(ruleId), status, document.toString(), {
    'content-type': 'text/html; charset=utf-8',
    // No form-action: browsers apply it to the redirects after a post too, and those lead to the app's own pages.
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; ${script === undefined ? '' : `script-src 'nonce-${nonce}'; `}base-uri 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
  });
}
