/** n8n's editor as a person has it before them: signed in, a workflow on the canvas, a node's panel open. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from './chromium.mts';

const marked = (name: string) => `[data-test-id="${name}"]`;

export async function openEditor(page: Page, origin: string, owner: { readonly email: string; readonly password: string }) {
  const folder = pictureFolder();
  await page.goto(`${origin}/signin`);
  await page.locator('input[type=email], input[name=emailOrLdapLoginId]').fill(owner.email);
  await page.locator('input[type=password]').fill(owner.password);
  await page.locator(marked('form-submit-button')).click();
  await page.waitForURL(/\/(home|workflow|projects)/);
  const panel = page.locator(marked('ndv')).first();
  const field = (name: string) => panel.locator(marked(`resource-locator-${name}`)).locator(marked('rlc-input'));
  const entries = page.locator(marked('rlc-item'));
  const refusal = page.locator(marked('rlc-error-container'));

  return {
    folder,
    panel,
    entries,
    field,
    nodes: page.locator(`${marked('canvas-node')}:not(:has(${marked('sticky')}))`),
    notes: page.locator(marked('sticky')),

    /** A picture of the window; animations are brought to their end. */
    shoot: async (name: string): Promise<void> => void (await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })),

    openWorkflow: async (id: string): Promise<void> => {
      await page.goto(`${origin}/workflow/${id}`);
      await page.locator(marked('canvas-node')).first().waitFor();
    },

    openNode: async (name: string): Promise<void> => {
      await page.locator(`${marked('canvas-node')}[data-node-name="${name}"]`).dblclick();
      await panel.waitFor();
    },

    closeNode: async (): Promise<void> => {
      await panel.locator(marked('ndv-close-button')).first().click();
      await panel.waitFor({ state: 'hidden' });
    },

    execute: async (): Promise<void> => page.locator('#app-modals').getByRole('button', { name: 'Execute step' }).first().click(),

    /** Opens a field's live list. */
    lines: async (name: string): Promise<readonly string[]> => {
      await field(name).click();
      await entries.first().waitFor();
      return entries.allInnerTexts();
    },

    /** Opens a field's live list where there can be none, and gives what stands there instead. */
    refusalOf: async (name: string): Promise<string> => {
      await field(name).click();
      await refusal.waitFor();
      return refusal.innerText();
    },

    /** Types into the node creator and gives it once it has found this. */
    find: async (text: string, wanted: string): Promise<Locator> => {
      await page.keyboard.press('n');
      const creator = page.locator(marked('node-creator'));
      await creator.waitFor();
      await page.keyboard.type(text);
      await creator.getByText(wanted).first().waitFor();
      return creator;
    },

    openCredential: async (id: string): Promise<Locator> => {
      await page.goto(`${origin}/home/credentials/${id}`);
      const dialog = page.locator(marked('editCredential-modal'));
      await dialog.waitFor();
      return dialog;
    },
  };
}

export type Editor = Awaited<ReturnType<typeof openEditor>>;

function pictureFolder(): string {
  const wanted = process.env['M365_ONBOARDING_PICTURES'] ?? '';
  if (wanted === '') return mkdtempSync(join(tmpdir(), 'n8n-pictures-'));
  mkdirSync(wanted, { recursive: true });
  return wanted;
}
