/** What Chromium 156 does under each directive was tried; these tests keep the directives as they were tried. */
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/core/internal/html';
import { htmlResponse, redirectResponse, sandboxResponse } from '../../../src/core/internal/web';

const policyOf = (response: ReturnType<typeof htmlResponse>) => String(sandboxResponse(response).headers['content-security-policy']);

describe('a page on an origin that serves other things too', () => {
  it('keeps its form in this origin, or the browser would withhold the SameSite=Lax cookies it needs', () => {
    expect(policyOf(htmlResponse(200, { title: 't', body: html`<form method="post" action="/x"></form>` }))).toMatch(/; sandbox allow-forms allow-same-origin$/);
  });

  it('may reload itself when it waits, without being of this origin', () => {
    const policy = policyOf(htmlResponse(200, { title: 't', body: html`<p>wait</p>`, refreshSeconds: 3 }));
    expect(policy).toMatch(/; sandbox allow-scripts$/);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('script-src');
  });

  it('may nothing when it only says something, whatever a stranger got into its text', () => {
    expect(policyOf(htmlResponse(400, { title: 't', body: html`<p>${'<form action=x><meta http-equiv="refresh" content=1>'}</p>` }))).toMatch(/; sandbox$/);
  });

  it('leaves a redirect as it is', () => {
    expect(sandboxResponse(redirectResponse('/x'))).toEqual(redirectResponse('/x'));
  });
});
