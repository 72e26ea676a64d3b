import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advanceUntilSettled, OPERATOR, personWith, startStory, type Story, visitInvitation } from './story';

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(async () => story.stop());

describe('an invitation that is sent again', () => {
  it('continues where the admin left: both rounds stay answered and only the sign-in is asked', async () => {
    const admin = personWith(story.tenant('contoso.example'), 'Global Administrator');
    await story.onboarding.addAccount({ id: 'again', name: 'Contoso Ltd', expectedTenant: 'contoso.example' }, OPERATOR);
    const first = await story.onboarding.openConsent({ accountId: 'again', operatorId: OPERATOR });
    const confirm = await visitInvitation(story, first.url, admin);
    expect(confirm.text('admin')).toContain(admin.upn);
    // The admin closes the tab on the last page. Consent is proven all the same; ownership is not.
    expect(await advanceUntilSettled(story, 'again')).toMatchObject({ state: 'consented', waitingFor: 'sign_in', reasons: [{ code: 'SSO_OWNERSHIP_UNPROVEN' }] });
    const second = await story.onboarding.openConsent({ accountId: 'again', operatorId: OPERATOR });
    const visitor = story.visitor();
    const page = await visitInvitation(story, second.url, admin, 'accept', visitor);
    expect(visitor.history.filter((url) => url.includes('/adminconsent'))).toEqual([]);
    expect((await visitor.submit(page, 'confirm', { accessLevel: 'none' })).text('done')).toBeDefined();
    expect(await advanceUntilSettled(story, 'again')).toMatchObject({ state: 'admin_needed', waitingFor: 'admin_choice' });
  });
});
