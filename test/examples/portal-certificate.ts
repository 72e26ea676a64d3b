/** One certificate, its rotation, and the check of all. */
import { describe, expect, it } from 'vitest';
import { inspectCertificateFile } from '../../src/core/certificates/pfx/inspect';
import { secret } from '../../src/core/internal/secret';
import { idOf, PASSWORD, type PortalScene } from './portal-scene';

export function describeCertificate(scene: PortalScene): void {
  describe('one certificate', () => {
    it('shows every spelling of its thumbprints, who uses it and what is due', async () => {
      const page = await scene.browser.open(`/certificates/${scene.stage.certificateId}`);
      const { thumbprints } = await scene.stage.installation.certificates.show(scene.stage.certificateId, scene.stage.operatorId);
      for (const spelling of Object.values(thumbprints)) expect(page.text('thumbprints')).toContain(spelling);
      for (const app of scene.stage.sandbox.ready.apps) expect(page.text('used-by')).toContain(app.appId);
      expect(page.html).toMatch(/badge ok/);
    });

    it('changes its names, and shows them as text whatever they are', async () => {
      const id = idOf(await scene.generate('To edit'));
      const name = '<script>alert(1)</script> "&\'';
      const page = await scene.browser.submit(await scene.browser.open(`/certificates/${id}/edit`), 'save', { name, description: '</textarea><img src=x>' });
      expect(page.text('done')).toBe('The change is saved.');
      expect(page.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;&#39;');
      expect(page.html).not.toMatch(/<script|<img/);
      const again = await scene.browser.open(`/certificates/${id}/edit`);
      expect(scene.browser.read(again, 'save').fields).toMatchObject({ name, description: '</textarea><img src=x>' });
      const taken = await scene.browser.submit(again, 'save', { name: 'Backup sign-in' });
      expect(taken.html).toContain('CERTIFICATE_NAME_TAKEN');
      expect(taken.html).toContain('id="name-error"');
      expect((await scene.browser.open('/certificates')).html).not.toContain('<script');
    });

    it('is registered on an app, proven', async () => {
      const id = idOf(await scene.generate('To register'));
      const page = await scene.browser.submit(await scene.browser.open(`/certificates/${id}/register`), 'register', { app: 'restore' });
      expect(page.text('done')).toContain('the token endpoint accepted it');
      expect(page.text('used-by')).toContain(scene.stage.sandbox.ready.apps.find(({ key }) => key === 'restore')?.appId);
      const unknown = await scene.browser.submit(await scene.browser.open(`/certificates/${id}/register`), 'register', { app: 'nobody' });
      expect(unknown.html).toContain('APP_UNKNOWN');
      const off = await scene.browser.submit(await scene.browser.open(`/certificates/${id}/register`), 'unregister-restore');
      expect(off.text('done')).toBe('The certificate is off the app.');
      expect(off.text('used-by')).toContain('No app yet');
    });

    it('stays on the app that signs with it', async () => {
      const refused = await scene.browser.submit(await scene.browser.open(`/certificates/${scene.stage.certificateId}/register`), 'unregister-backup');
      expect(refused.status).toBe(409);
      expect(refused.html).toContain('CERTIFICATE_IN_USE');
    });

    it('gives its public part to whoever may look, and its key only under a new password', async () => {
      const path = `/certificates/${scene.stage.certificateId}`;
      const cer = await scene.browser.open(`${path}/public.cer`);
      expect(cer.headers.get('content-type')).toBe('application/pkix-cert');
      const pem = await scene.browser.open(`${path}/public.pem`);
      expect(Buffer.from(pem.bytes).toString('latin1')).toMatch(/^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*$/);
      const wrong = await scene.browser.submit(await scene.browser.open(`${path}/export`), 'export', { password: PASSWORD, repeatedPassword: 'another one' });
      expect(wrong.text('problem-message')).toBe('The two passwords are not the same.');
      const offered = await scene.browser.submit(wrong, 'export', { password: PASSWORD, repeatedPassword: PASSWORD, profile: 'legacy' });
      const { bytes } = await scene.browser.submit(offered, 'download');
      const report = await inspectCertificateFile(scene.stage.installation.ports, { bytes, password: secret(PASSWORD) });
      expect(report).toMatchObject({ ok: true, container: { mac: 'sha1' } });
    });

    it('is not deleted without confirmation, nor while it is in use, naming who needs it', async () => {
      const page = await scene.browser.open(`/certificates/${scene.stage.certificateId}/delete`);
      expect((await scene.browser.submit(page, 'delete')).text('problem-message')).toBe('Confirm that you mean it.');
      const refused = await scene.browser.submit(page, 'delete', { confirm: 'yes' });
      expect(refused.status).toBe(409);
      for (const { key, appId } of scene.stage.sandbox.ready.apps) {
        expect(refused.text('problem-items')).toContain(`The app "${key}" (${appId}) has its key`);
        expect(refused.text('problem-items')).toContain(`The app "${key}" signs in with it.`);
      }
      expect(refused.text('problem-items')).toContain('Its private key left as a file');
      expect(await scene.names()).toContain('Backup sign-in');
    });

    it('is deleted with its key when nobody needs it', async () => {
      const id = idOf(await scene.generate('To delete'));
      const page = await scene.browser.submit(await scene.browser.open(`/certificates/${id}/delete`), 'delete', { confirm: 'yes' });
      expect(page.text('done')).toContain('deleted');
      expect(await scene.names()).not.toContain('To delete');
      expect((await scene.browser.open(`/certificates/${id}`)).status).toBe(404);
    });
  });
  describe('rotating', () => {
    it('tells what will happen, takes one step at a time, and goes back', async () => {
      const path = `/certificates/${scene.stage.certificateId}/rotation`;
      const plan = await scene.browser.open(path);
      expect(plan.text('running')).toBe('No rotation is under way.');
      expect(plan.text('plan')).toMatch(/issue.*register.*prove.*activate.*overlap.*retire/s);
      expect(plan.text('blockers')).toContain('exported');
      const issued = await scene.browser.submit(plan, 'rotate');
      expect(issued.text('did')).toContain('The new certificate is made');
      const registered = await scene.browser.submit(issued, 'rotate');
      expect(registered.text('running')).toContain('proving');
      expect((await scene.browser.submit(registered, 'rotate')).text('did')).toBe('Nothing was due yet.');
      scene.stage.sandbox.clock.advance(60);
      const proven = await scene.browser.submit(registered, 'rotate');
      expect(proven.text('running')).toContain('good ones in a row: 1');
      expect((await scene.browser.open('/certificates')).html).toMatch(/rotation">proving/);
      const undone = await scene.browser.submit(proven, 'undo');
      expect(undone.text('running')).toContain('was taken back');
      expect(undone.text('reasons')).toContain('CERTIFICATE_ROTATION_UNDONE');
    }, 60_000);

    it('refuses to rotate what no app uses, and says so', async () => {
      const id = idOf(await scene.generate('Unused'));
      const page = await scene.browser.submit(await scene.browser.open(`/certificates/${id}/rotation`), 'rotate');
      expect(page.html).toContain('CERTIFICATE_NOT_IN_USE');
    });

    it('releases a signer that the operator vouches for', async () => {
      const path = `/certificates/${scene.stage.certificateId}/rotation`;
      const page = await scene.browser.open(path);
      const unknown = await scene.browser.submit(page, 'release', { signer: 'nobody' });
      expect(unknown.html).toContain('id="signer-error"');
      const signer = /release it: signer ([^<\s]+)\./.exec(page.html)?.[1] ?? '';
      const released = await scene.browser.submit(page, 'release', { signer });
      expect(released.text('did')).toContain('released');
      expect(released.text('blockers') ?? '').not.toContain(signer);
    });
  });
  describe('checking', () => {
    it('rings when nobody checks, and is quiet after a check', async () => {
      scene.stage.sandbox.clock.advance(3 * 24 * 3600);
      const list = await scene.browser.open('/certificates');
      expect(list.text('alarm')).toContain('No check was ever completed');
      const page = await scene.browser.open('/check');
      expect(page.text('verdict')).toBe('Something needs attention.');
      expect((await scene.browser.open('/check')).text('heartbeat')).toContain('No check was ever completed');
      const done = await scene.browser.submit(page, 'run-check');
      expect(done.text('done')).toBe('The check is complete and on record.');
      expect((await scene.browser.open('/certificates')).text('alarm')).toBeUndefined();
    });

    it('renews what is due when it is asked to', async () => {
      scene.stage.sandbox.clock.advance(300 * 24 * 3600);
      const page = await scene.browser.submit(await scene.browser.open('/check'), 'run-check', { rotate: 'yes' });
      expect(page.text('steps')).toMatch(/Backup sign-in: issue, now registering/);
    });
  });
}
