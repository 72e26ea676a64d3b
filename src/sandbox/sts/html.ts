/**
 * HTML for the sign-in host: a template tag that escapes whatever is put into it, and the frame every page sits
 * in. Pages work without scripts and load nothing from anywhere.
 */
import { randomBytes } from 'node:crypto';
import { respond, type SandboxResponse } from '../http';
import { rule, type RuleId } from '../rules';

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
<title>${title}</title>
<style nonce="${nonce}">${new Html(STYLE)}</style>
</head>
<body>
<main>
<p class="brand">Sandbox sign-in</p>
${body}
</main>
<footer>A local stand-in for Microsoft Entra ID. Not a Microsoft page.</footer>
${scriptTag}
</body>
</html>
`;
  return respond(rule(ruleId), status, document.toString(), {
    'content-type': 'text/html; charset=utf-8',
    // No form-action: browsers apply it to the redirects after a post too, and those lead to the app's own pages.
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
  });
}

const STYLE = `
:root { color-scheme: light; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; justify-content: center;
  background: linear-gradient(160deg, #eef2f5, #dfe6ec); color: #1f2328; font: 15px/1.45 "Segoe UI", system-ui, sans-serif; }
main { box-sizing: border-box; width: min(440px, 94vw); margin: 24px 0 12px; padding: 36px 40px; background: #fff;
  box-shadow: 0 2px 6px rgba(0, 0, 0, .18); }
footer { color: #5b6670; font-size: 12px; margin-bottom: 20px; }
.brand { margin: 0 0 18px; font-weight: 600; color: #5b6670; }
h1 { margin: 0 0 10px; font-size: 24px; font-weight: 600; }
h2 { margin: 18px 0 4px; font-size: 15px; font-weight: 600; }
p { margin: 8px 0; }
ul { margin: 0; padding: 0; list-style: none; }
.accounts button { display: block; width: 100%; padding: 10px 8px; text-align: left; background: none; color: inherit; border: 0;
  border-bottom: 1px solid #e3e7ea; }
.accounts button:hover, .accounts button:focus { background: #f2f5f7; }
.accounts small { display: block; color: #5b6670; }
.permissions li { padding: 5px 0; border-bottom: 1px solid #eef1f3; }
.permissions code { display: block; color: #5b6670; font: 12px/1.4 ui-monospace, monospace; }
input[type=text], input[type=password] { box-sizing: border-box; width: 100%; margin: 10px 0 18px; padding: 7px 2px; font: inherit;
  border: 0; border-bottom: 1px solid #6b7680; }
.actions { display: flex; gap: 8px; justify-content: flex-end; margin-top: 22px; }
button { min-width: 108px; padding: 7px 12px; font: inherit; cursor: pointer; border: 1px solid transparent; background: #dfe3e6; color: #1f2328; }
button.primary { background: #0b62a8; color: #fff; }
button.text { min-width: 0; padding: 0; background: none; color: #0b62a8; }
.error { color: #b3261e; }
.detail { color: #5b6670; font-size: 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
`;
