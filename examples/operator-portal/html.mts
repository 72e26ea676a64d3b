/**
 * HTML in which every value is escaped unless it is markup already, and the frame that all pages share. No script, no inline
 * style, nothing from elsewhere: the pages work under a Content-Security-Policy that allows none of them.
 */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | readonly Html[] | false | null | undefined;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** @example html`<p>${anything}</p>` */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: texts.map((text, index) => `${text}${toMarkup(parts[index])}`).join('') };
}

function toMarkup(part: Part): string {
  if (part === undefined || part === null || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return String(part).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
}

/** Who looks at the page; undefined before the sign-in. */
export interface Viewer {
  readonly operatorName: string;
  readonly csrf: string;
}

export interface PageContent {
  readonly title: string;
  readonly body: Html;
  /** Path of the menu's entry that this page belongs to. */
  readonly menu?: string;
}

const MENU = [
  ['/certificates', 'Certificates'],
  ['/certificates/new', 'Generate'],
  ['/certificates/import', 'Import'],
  ['/inspect', 'Inspect a file'],
  ['/check', 'Check'],
] as const;

export function renderPage({ title, body, menu }: PageContent, partnerName: string, viewer: Viewer | undefined): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${partnerName}</title>
<link rel="stylesheet" href="/portal.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<p class="brand">${partnerName} <span>certificates</span></p>
${viewer && html`<form class="who" method="post" action="/sign-out">${csrfField(viewer)}<span data-testid="operator">${viewer.operatorName}</span><button class="quiet" data-testid="sign-out">Sign out</button></form>`}
</header>
${viewer && html`<nav aria-label="Main"><ul>${MENU.map(([path, name]) => html`<li><a href="${path}"${path === menu && html` aria-current="page"`}>${name}</a></li>`)}</ul></nav>`}
<main id="content" tabindex="-1">
${body}
</main>
</body>
</html>
`;
  return page.markup;
}

export function csrfField({ csrf }: Viewer): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

/** `2027-03-01 09:30 UTC`, readable by machines too. */
export function instant(at: number | string): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

export function day(at: number | string): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)}</time>`;
}

/** A word of the library as people read it: `rolling_back` is "rolling back". */
export function words(code: string): string {
  return code.replaceAll('_', ' ');
}
