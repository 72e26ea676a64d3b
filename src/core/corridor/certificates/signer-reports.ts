/**
 * What a process tells the store about its own signing: which certificate the token endpoint took from it, and when it had to
 * fall back to the one before. A store that is down never fails a token request; what was not noted is noted next time.
 */
import type { RotationSettings } from '../../certificates/lifecycle';
import { findLine } from '../../certificates/rotation/line';
import { findCertificate } from '../../certificates/records/records';
import { afterFallback } from '../../certificates/rotation/rotation';
import { listRotations, rotationKind } from '../../certificates/rotation/rotation-model';
import { forgetSigner, NOTE_EVERY_MS, noteSigner, type SignerIdentity, type SignerSource } from '../../certificates/rotation/signers';
import type { CredentialUse, Ports } from '../../ports';
import { changeRecord } from '../../records';

const FALLBACK_EVERY_MS = 60_000;

export interface SignerReports {
  report(appKey: string, use: CredentialUse): Promise<void>;
  /** Forget a signer that lived only as long as this process. */
  close(): Promise<void>;
}

export interface SignerReportsOptions {
  readonly identity: SignerIdentity;
  readonly settings: RotationSettings;
  /** Where each app's certificate comes from; undefined for a secret. */
  readonly sourceOf: (appKey: string) => Exclude<SignerSource, 'export'> | undefined;
}

type ReportPorts = Pick<Ports, 'store' | 'sealer' | 'clock' | 'random' | 'logger'>;

export function createSignerReports(ports: ReportPorts, { identity, settings, sourceOf }: SignerReportsOptions): SignerReports {
  const signerId = identity.id ?? `process:${ports.random.uuid()}`;
  /** By app and certificate: tenants that take turns between the two during an overlap are no news each time. */
  const notedAt = new Map<string, number>();
  const signsFor = new Set<string>();
  const fellBackAt = new Map<string, number>();

  async function noteAccepted(appKey: string, thumbprintSha256: string): Promise<void> {
    const source = sourceOf(appKey);
    const now = ports.clock.now();
    const key = `${appKey}/${thumbprintSha256}`;
    if (source === undefined || now - (notedAt.get(key) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
    signsFor.add(appKey);
    await noteSigner(ports, { signerId, label: identity.label, appKey, source, thumbprintSha256 });
    notedAt.set(key, now);
  }

  async function noteUnknown(appKey: string, thumbprintSha256: string): Promise<void> {
    const now = ports.clock.now();
    if (now - (fellBackAt.get(thumbprintSha256) ?? Number.NEGATIVE_INFINITY) < FALLBACK_EVERY_MS) return;
    ports.logger.warn('The token endpoint did not know a certificate.', { app: appKey, thumbprintSha256 });
    await noteFallback(ports, thumbprintSha256, settings);
    fellBackAt.set(thumbprintSha256, now);
  }

  return {
    async report(appKey, { thumbprintSha256, outcome }) {
      if (!ports.sealer.ready) return;
      try {
        await (outcome === 'accepted' ? noteAccepted(appKey, thumbprintSha256) : noteUnknown(appKey, thumbprintSha256));
      } catch {
        ports.logger.debug('What an app signs with could not be noted.', { app: appKey });
      }
    },
    async close() {
      if (identity.id !== undefined) return;
      for (const appKey of signsFor) await forgetSigner(ports, signerId, appKey).catch(() => undefined);
    },
  };
}

/** The rotation whose new key it was begins its proof anew. */
async function noteFallback(ports: ReportPorts, thumbprintSha256: string, settings: RotationSettings): Promise<void> {
  for (const { lineId, toCertificateId, state } of await listRotations(ports)) {
    // Without a certificate before it in the line the old key is on its way out, and nobody can have fallen back to it.
    const mayFallBack = state === 'overlap' || (state === 'retiring' && (await findLine(ports, lineId))?.previousId !== null);
    if (!mayFallBack || (await findCertificate(ports, toCertificateId))?.thumbprintSha256 !== thumbprintSha256) continue;
    await changeRecord(ports, rotationKind, lineId, (current) => (current.toCertificateId === toCertificateId ? afterFallback(current, settings, ports.clock.now()) : current));
  }
}
