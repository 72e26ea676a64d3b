import { describe, expect, it } from 'vitest';
import { buildInvitationMail, type InvitationMailInput } from '../../../src/core/consent/rounds/mail';

const url = 'https://partner.example/invite/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq';
const input: InvitationMailInput = { partnerName: 'Northwind', accountName: 'Contoso Ltd', expectedTenant: 'contoso.example', url, expiresAt: Date.parse('2026-11-29T14:05:00Z'), apps: [{ displayName: 'Backup' }, { displayName: 'Restore' }], isAgain: false };
const EVIL = '"><img src=x onerror=alert(1)>';

describe('the invitation as an e-mail', () => {
  it('says in text and HTML alike who asks, for whom, of whom, for what, until when, and that opening it uses nothing up', () => {
    const mail = buildInvitationMail(input);
    expect(mail.subject).toBe('Northwind: please approve the Microsoft 365 backup of Contoso Ltd');
    for (const body of [mail.text, mail.html]) {
      for (const said of ['Northwind', 'Contoso Ltd', 'contoso.example', 'Global Administrator or a Privileged Role Administrator', 'these 2 apps', 'Backup', 'Restore', url, '29 November 2026', '14:05', 'not used up', 'never ask for a password']) expect(body).toContain(said);
    }
    expect(mail.text).not.toMatch(/<[a-z]/);
  });

  it('holds the address of the landing page and no other', () => {
    const { text, html } = buildInvitationMail(input);
    expect(new Set(`${text} ${html}`.match(/https?:[^\s"<]+/g))).toEqual(new Set([url]));
    expect(html).not.toMatch(/<(?:img|script|style|link|iframe)/);
  });

  it('lets no name become markup, a second line of the subject, or a hidden direction of writing', () => {
    const mail = buildInvitationMail({ ...input, partnerName: `North${EVIL}`, accountName: 'Contoso\r\nBcc: everybody@elsewhere.example\u202Egpj', expectedTenant: `c\n${EVIL}`, apps: [{ displayName: `A${EVIL}` }] });
    expect(mail.subject).not.toMatch(/[\r\n\u202E]/);
    expect(mail.html).not.toContain('<img');
    expect(mail.html).not.toMatch(/[\r\u202E]/);
    expect(mail.text.split('\n').some((line) => line.startsWith('Bcc:'))).toBe(false);
  });

  it('keeps the subject to one short line, however long the names are', () => {
    expect(buildInvitationMail({ ...input, accountName: 'x'.repeat(500) }).subject).toHaveLength(200);
  });

  it('says so when only something new is asked, and when nothing is left but the sign-in', () => {
    expect(buildInvitationMail({ ...input, isAgain: true, apps: [{ displayName: 'Restore' }] }).text).toMatch(/something is new in it, or is missing[\s\S]*approve this app/);
    const rest = buildInvitationMail({ ...input, apps: [] });
    expect(rest.text).toContain('only a sign-in is missing');
    expect(rest.html).not.toContain('<ul>');
  });

  it('names no tenant when any may answer', () => {
    expect(buildInvitationMail({ ...input, expectedTenant: null }).text).not.toContain('(tenant');
  });
});
