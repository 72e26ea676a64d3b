/** Plays a person at Microsoft's pages: picks or types the account, signs in, accepts or cancels, by the real forms. */
import type { VisitedPage, Visitor } from './visitor';

export interface PlayedPerson {
  readonly upn: string;
  readonly password: string;
}

/** What the person does when asked for consent. */
export type ConsentDecision = 'accept' | 'cancel';

const MAX_PAGES = 12;

/**
 * Continue from a page of the sandbox until the browser is somewhere else, or on a page that offers this person nothing
 * (an error, "need admin approval"). Returns that page.
 */
export async function playPerson(visitor: Visitor, start: VisitedPage, person: PlayedPerson, decision: ConsentDecision = 'accept'): Promise<VisitedPage> {
  const { origin } = new URL(start.url);
  let page = start;
  for (let step = 0; step < MAX_PAGES && new URL(page.url).origin === origin; step += 1) {
    const next = await act(visitor, page, person, decision);
    if (next === undefined) return page;
    page = next;
  }
  return page;
}

async function act(visitor: Visitor, page: VisitedPage, person: PlayedPerson, decision: ConsentDecision): Promise<VisitedPage | undefined> {
  const controls = page.forms.flatMap((form) => form.buttons);
  const offers = (testId: string) => controls.some((control) => control.testId === testId);
  // A page that reports an error is an answer, not an invitation to try for ever.
  if (page.text('error-code') !== undefined) return undefined;
  if (offers('password')) return visitor.submit(page, 'submit', { passwd: person.password });
  if (offers('username')) return visitor.submit(page, 'submit', { login: person.upn });
  if (offers('accept')) return visitor.submit(page, decision);
  if (controls.some((control) => control.testId === 'account' && control.value.toLowerCase() === person.upn.toLowerCase())) return visitor.submit(page, 'account', { login: person.upn });
  if (offers('use-another-account')) return visitor.submit(page, 'use-another-account');
  return offers('continue') ? visitor.submit(page, 'continue') : undefined;
}
