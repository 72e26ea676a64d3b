/**
 * HTML that cannot be injected into: a tagged template that escapes every value, and one page frame with its style.
 * The style's hash goes into the Content-Security-Policy, so no page needs `unsafe-inline` or a script.
 */
import { createHash } from 'node:crypto';

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Fragment = string | number | Html | readonly Html[] | undefined;

export function html(parts: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  let text = parts[0] ?? '';
  for (const [index, value] of values.entries()) text += render(value) + (parts[index + 1] ?? '');
  return new Html(text);
}

export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(value: Fragment): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map((item: Html) => item.text).join('\n');
  return escapeHtml(typeof value === 'number' ? value.toString() : (value as string));
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--ground:#f3f5f8;--accent:#0b5cad;--bad:#b3261e;--good:#1a7f37}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;--paper:#161b22;--ground:#0d1117;--accent:#58a6ff;--bad:#ff7b72;--good:#3fb950}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:40rem;margin:6vh auto;background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:2rem}
h1{font-size:1.35rem;line-height:1.3;margin:0 0 .5rem}h2{font-size:1rem;margin:1.5rem 0 .25rem}p{margin:.5rem 0}
.partner{color:var(--soft);font-size:.85rem;letter-spacing:.02em;margin:0 0 1rem}
ul{padding-left:1.1rem;margin:.25rem 0}li{margin:.25rem 0}.why{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:1rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
button,.button{display:inline-block;margin-top:1.25rem;background:var(--accent);color:var(--paper);border:0;border-radius:8px;padding:.7rem 1.2rem;font:inherit;font-weight:600;cursor:pointer;text-decoration:none}
fieldset{border:1px solid var(--line);border-radius:8px;margin:1rem 0;padding:.75rem 1rem}legend{padding:0 .4rem;color:var(--soft)}label{display:flex;gap:.5rem;align-items:baseline;margin:.4rem 0}
.bad h1{color:var(--bad)}.good h1{color:var(--good)}.support{margin-top:1.5rem;color:var(--soft);font-size:.8rem}
.support span{font:600 1rem ui-monospace,SFMono-Regular,Consolas,monospace;color:var(--ink);user-select:all}
details{margin:.5rem 0}summary{cursor:pointer}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
@media (max-width:34rem){main{margin:0;border-width:0 0 1px;border-radius:0;padding:1.5rem 1.25rem}dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .6rem}}
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  readonly tone?: 'good' | 'bad' | undefined;
  /** Reload after this many seconds: a waiting page without a script. */
  readonly refreshSeconds?: number;
}

export function renderPage(options: PageOptions): string {
  const refresh = options.refreshSeconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${options.refreshSeconds}">`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">${refresh}
<title>${options.title}</title><style>${new Html(STYLE)}</style></head>
<body><main class="${options.tone ?? ''}">${options.body}</main></body></html>`.text;
}

/**
 * Content-Security-Policy of a page. `formTargets` are origins a form may end up at: browsers apply form-action to
 * every redirect after the submission too.
 */
export function contentSecurityPolicy(formTargets: readonly string[] = []): string {
  return `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${["'self'", ...formTargets].join(' ')}; base-uri 'none'; frame-ancestors 'none'`;
}
