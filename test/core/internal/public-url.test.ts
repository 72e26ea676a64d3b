import { describe, expect, it } from 'vitest';
import { basePathOf, invitationPath, pagePathOf, publicUrl } from '../../../src/core/internal/public-url';

describe('public addresses', () => {
  it.each([
    ['https://partner.example', 'https://partner.example/consent/callback'],
    ['https://partner.example/', 'https://partner.example/consent/callback'],
    ['https://n8n.example/webhook/m365-onboarding', 'https://n8n.example/webhook/m365-onboarding/consent/callback'],
    ['https://n8n.example/webhook/m365-onboarding/', 'https://n8n.example/webhook/m365-onboarding/consent/callback'],
  ])('under %s keep the path of the base', (base, expected) => {
    expect(publicUrl(base, '/consent/callback')).toBe(expected);
  });

  it('carry the ticket in the path where any path is routed, and as a parameter where only exact ones are', () => {
    expect(publicUrl('https://a.example', invitationPath('https://a.example', 'T'))).toBe('https://a.example/invite/T');
    expect(publicUrl('https://a.example/hook', invitationPath('https://a.example/hook', 'T'))).toBe('https://a.example/hook/invite?ticket=T');
  });

  it('mean the same page with and without the path of the base in front', () => {
    expect(pagePathOf('https://a.example/hook', '/hook/consent/next')).toBe('/consent/next');
    expect(pagePathOf('https://a.example/hook', '/consent/next')).toBe('/consent/next');
    expect(pagePathOf('https://a.example/hook', '/hooked/consent/next')).toBe('/hooked/consent/next');
    expect(basePathOf('https://a.example/')).toBe('');
  });
});
