/** The portal with its sandbox and a browser that is signed in, for the suites that share them. */
import { createPrivateKey } from 'node:crypto';
import { type PortalStage, setPortalStage } from '../../examples/operator-portal/stage.mts';
import { generateCertificate } from '../../src/core/certificates/generate';
import { secret } from '../../src/core/internal/secret';
import { type Browser, createBrowser, type Seen } from './browser';

export const PASSWORD = 'pässwörd of the portal 1';
export const MINUTE_MS = 60_000;

export interface PortalScene {
  readonly stage: PortalStage;
  /** Signed in. */
  browser: Browser;
  /** Of sessions and of what waits to be fetched. */
  now: number;
  /** The certificate that signs, under PASSWORD. */
  readonly pfx: Uint8Array;
  readonly log: string[];
  /** Of every sign-in link. */
  readonly codes: string[];
  begin(): Promise<void>;
  linkPath(): string;
  signIn(): Promise<Browser>;
  certificates(): ReturnType<PortalStage['installation']['certificates']['list']>;
  names(): Promise<readonly string[]>;
  generate(name: string, values?: Record<string, string>): Promise<Seen>;
  pemOf(subject: string, passphrase?: string): Promise<string>;
}

/** `stage`, `browser` and `pfx` are there after `begin`. */
export function createPortalScene(): PortalScene {
  const begun: { stage?: PortalStage; browser?: Browser; pfx?: Uint8Array } = {};
  const scene: PortalScene = {
    get stage() {
      return required(begun.stage);
    },
    get browser() {
      return required(begun.browser);
    },
    set browser(browser) {
      begun.browser = browser;
    },
    get pfx() {
      return required(begun.pfx);
    },
    now: Date.parse('2026-03-01T09:00:00Z'),
    log: [],
    codes: [],
    begin: async () => {
      begun.stage = await setPortalStage({ keyBits: 2048, now: () => scene.now, log: (line) => void scene.log.push(line) });
      const { installation, certificateId, operatorId } = scene.stage;
      ({ bytes: begun.pfx } = await installation.certificates.exportFile(certificateId, { format: 'pfx', password: secret(PASSWORD) }, operatorId));
      begun.browser = await scene.signIn();
    },
    linkPath: () => {
      const link = new URL(scene.stage.portal.issueSignInLink());
      scene.codes.push(link.searchParams.get('code') ?? '');
      return `${link.pathname}${link.search}`;
    },
    signIn: async () => {
      const visitor = createBrowser(scene.stage.portal.url);
      await visitor.submit(await visitor.open(scene.linkPath()), 'sign-in');
      return visitor;
    },
    certificates: async () => scene.stage.installation.certificates.list(scene.stage.operatorId),
    names: async () => (await scene.certificates()).map(({ name }) => name),
    generate: async (name, values = {}) => scene.browser.submit(await scene.browser.open('/certificates/new'), 'generate', { name, keyBits: '2048', ...values }),
    pemOf: async (subject, passphrase) => {
      const { pem, privateKey } = await generateCertificate(scene.stage.installation.ports, { subject, keyBits: 2048 });
      if (passphrase === undefined) return `${pem}${privateKey.reveal()}`;
      return `${pem}${createPrivateKey(privateKey.reveal()).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString()}`;
    },
  };
  return scene;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The portal was not started.');
  return value;
}

export function idOf({ url }: Seen): string {
  return /^\/certificates\/([\w-]{36})/.exec(url)?.[1] ?? '';
}

export function upload(content: string | Uint8Array, fileName = 'file.pem') {
  return { fileName, bytes: Buffer.from(content) };
}
