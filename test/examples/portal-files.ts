/** Certificates that come in, and files that go out once. */
import { describe, expect, it } from 'vitest';
import { inspectCertificateFile } from '../../src/core/certificates/pfx/inspect';
import { secret } from '../../src/core/internal/secret';
import { sendRaw } from './browser';
import { idOf, MINUTE_MS, PASSWORD, type PortalScene, upload } from './portal-scene';

export function describeFiles(scene: PortalScene): void {
  describe('generating', () => {
    it('makes a certificate and offers no file unless one is asked for', async () => {
      const page = await scene.generate('Plain', { description: 'Of one line', lifetimeDays: '90' });
      expect(page.text('done')).toContain('private key stays sealed');
      expect(page.text('offer')).toBeUndefined();
      expect(page.text('description')).toBe('Of one line');
      expect(await scene.stage.installation.certificates.show(idOf(page), scene.stage.operatorId)).toMatchObject({ name: 'Plain', keyBits: 2048, state: 'next' });
    });

    it('offers the PFX once; a second click says so', async () => {
      const page = await scene.generate('With a file', { withPfx: 'yes', password: PASSWORD, repeatedPassword: PASSWORD });
      expect(page.text('offer')).toContain('once');
      const file = await scene.browser.submit(page, 'download');
      expect(file.headers.get('content-disposition')).toBe('attachment; filename="With-a-file.pfx"; filename*=UTF-8\'\'With-a-file.pfx');
      const report = await inspectCertificateFile(scene.stage.installation.ports, { bytes: file.bytes, password: secret(PASSWORD) });
      expect(report).toMatchObject({ ok: true, usableForEntra: true, container: { mac: 'sha256' } });
      const again = await scene.browser.submit(page, 'download');
      expect(again.status).toBe(410);
      expect(again.text('problem-message')).toContain('fetched already');
      expect((await scene.browser.open(`/certificates/${idOf(page)}`)).text('offer')).toBeUndefined();
    });

    it('keeps a file for the scene.browser that asked for it, and for five minutes', async () => {
      const page = await scene.generate('Late', { withPfx: 'yes', password: PASSWORD, repeatedPassword: PASSWORD });
      const other = await scene.signIn();
      const stolen = scene.browser.read(page, 'download').fields['ticket'] ?? '';
      const otherPage = await other.open(`/certificates/${idOf(page)}/edit`);
      const otherCsrf = other.read(otherPage, 'save').fields['csrf'] ?? '';
      expect(otherPage.text('offer')).toBeUndefined();
      expect(await sendRaw(scene.stage.portal.url, '/downloads', { method: 'POST', headers: { origin: scene.stage.portal.url, cookie: other.cookie() }, body: new URLSearchParams({ csrf: otherCsrf, ticket: stolen }).toString() })).toMatchObject({ status: 410 });
      scene.now += 5 * MINUTE_MS;
      expect((await scene.browser.submit(page, 'download')).status).toBe(410);
    });

    it.each([
      ['a repeat that differs', { withPfx: 'yes', password: PASSWORD, repeatedPassword: 'another one' }, 'repeatedPassword', 'not the same'],
      ['no password for the file', { withPfx: 'yes' }, 'password', '1 to 256 characters'],
      ['a password and no file', { password: PASSWORD }, 'withPfx', 'ask for the file'],
      ['a name that is taken', { name: 'BACKUP SIGN-IN' }, 'name', 'has this name'],
      ['a lifetime of a century', { lifetimeDays: '36500' }, 'lifetimeDays', '3650'],
      ['a subject that is too long', { subject: 'x'.repeat(65) }, 'subject', '64'],
    ])('refuses %s, at its field, and stores nothing', async (_name, values, field, sentence) => {
      const before = await scene.names();
      const page = await scene.generate('Refused', values);
      expect(page.status).toBe(422);
      expect(page.text('problem-message')).toContain(sentence);
      expect(page.html).toMatch(new RegExp(`id="${field}"[^>]* aria-describedby="[^"]*${field}-error" aria-invalid="true" autofocus`));
      expect(page.html).toContain(`href="#${field}"`);
      expect(await scene.names()).toEqual(before);
    });
  });
  describe('importing', () => {
    const open = async () => scene.browser.open('/certificates/import');
    const send = async (text: string | Uint8Array, values: Record<string, string> = {}) => scene.browser.submit(await open(), 'import', { file: upload(text), name: 'Imported', ...values });

    it('takes a PEM file with its password twice', async () => {
      const page = await send(await scene.pemOf('Partner', PASSWORD), { password: PASSWORD, repeatedPassword: PASSWORD, description: 'From the partner' });
      expect(page.text('done')).toContain('imported');
      expect(page.text('name')).toBe('Imported');
    });

    it('says what the doctor says about a PFX whose password is wrong', async () => {
      const page = await send(scene.pfx, { name: 'Wrong', password: 'a wrong password', repeatedPassword: 'a wrong password' });
      expect(page.status).toBe(422);
      expect(page.text('problem-message')).toBe('The password does not open the file.');
      expect(page.text('problem-remedy')).toContain('mind the keyboard layout');
      expect(page.html).toContain('id="password-error"');
      const known = await send(scene.pfx, { name: 'Twice', password: PASSWORD, repeatedPassword: PASSWORD });
      expect(known.html).toContain('CERTIFICATE_EXISTS');
    });

    it.each([
      ['a repeat that differs', async () => scene.pemOf('Differs', PASSWORD), { password: PASSWORD, repeatedPassword: 'another one' }, 'repeatedPassword', 'not the same'],
      ['a forgotten repeat', async () => scene.pemOf('Forgotten', PASSWORD), { password: PASSWORD }, 'repeatedPassword', 'not the same'],
      ['a certificate without its key', async () => (await scene.stage.installation.certificates.exportFile(scene.stage.certificateId, { format: 'cer' }, scene.stage.operatorId)).bytes, {}, 'file', 'no private key'],
      ['a file of another kind', async () => 'PK\u0003\u0004 a zip', {}, 'file', 'not a PFX'],
      ['an empty file', async () => '', {}, 'file', 'empty'],
    ])('refuses %s, at its field, and stores nothing', async (_name, file, values, field, sentence) => {
      const before = await scene.names();
      const page = await send(await file(), { name: 'Refused', ...values });
      expect(page.status).toBe(422);
      expect(page.text('problem-message')).toContain(sentence);
      expect(page.html).toContain(`id="${field}-error"`);
      expect(await scene.names()).toEqual(before);
    });

    it('asks for a file when none was chosen', async () => {
      const page = await scene.browser.submit(await open(), 'import', { name: 'No file' });
      expect(page.text('problem-message')).toBe('Choose a file.');
    });

    it('refuses more than a certificate file can have, after it was sent', async () => {
      const page = await send(Buffer.alloc(1_400_000, 65));
      expect(page.status).toBe(413);
      expect(page.text('problem-message')).toContain('1 MiB');
    });

    it('lets one of several certificates be chosen, and asks for the password again', async () => {
      const both = `${await scene.pemOf('First of two', PASSWORD)}${await scene.pemOf('Second of two', PASSWORD)}`;
      const choice = await send(both, { name: 'Chosen', password: PASSWORD, repeatedPassword: PASSWORD });
      expect(choice.html).toContain('Which certificate?');
      const wanted = /value="([0-9A-F]{64})" required><label[^>]*>CN=Second of two/.exec(choice.html)?.[1] ?? '';
      const wrong = await scene.browser.submit(choice, 'choose', { select: wanted, password: 'wrong', repeatedPassword: 'wrong' });
      expect(wrong.status).toBe(422);
      expect((await scene.browser.submit(choice, 'choose', { select: wanted })).status).toBe(410);
      const page = await scene.browser.submit(wrong, 'choose', { select: wanted, password: PASSWORD, repeatedPassword: PASSWORD });
      expect(page.text('name')).toBe('Chosen');
      expect((await scene.stage.installation.certificates.show(idOf(page), scene.stage.operatorId)).subject).toBe('CN=Second of two');
    });
  });
  describe('looking into a file', () => {
    it('reports and stores nothing', async () => {
      const before = await scene.names();
      const page = await scene.browser.submit(await scene.browser.open('/inspect'), 'inspect', { file: upload(scene.pfx), password: PASSWORD });
      expect(page.text('usable')).toBe('An app can sign in to Microsoft with it.');
      expect(page.html).toContain('CN=Backup sign-in');
      const wrong = await scene.browser.submit(await scene.browser.open('/inspect'), 'inspect', { file: upload(scene.pfx), password: 'wrong' });
      expect(wrong.text('problem-message')).toBe('The password does not open the file.');
      expect((await scene.browser.submit(await scene.browser.open('/inspect'), 'inspect', {})).text('problem-message')).toBe('Choose a file.');
      expect(await scene.names()).toEqual(before);
    });
  });
}
