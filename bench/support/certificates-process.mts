/** Makes certificates and files in a process of its own: ours, and the same by node-forge alone. */
import { createPrivateKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type * as DeriverFile from '../../src/core/adapters/key-deriver';
import type * as KeysFile from '../../src/core/adapters/node-keys';
import type * as RandomFile from '../../src/core/adapters/node-random';
import type * as GenerateFile from '../../src/core/certificates/generate';
import type * as InspectFile from '../../src/core/certificates/pfx/inspect';
import type * as WriteFile from '../../src/core/certificates/pfx/write';
import type * as SecretFile from '../../src/core/internal/secret';
import type { RsaKeyPair } from '../../src/core/ports';
import { built } from './built.mts';
import { type Operations, serveOperations } from './child.mts';
import { type LoopReport, watchLoop } from './loop-watch.mts';

export interface Costs {
  /** Milliseconds: a key, then for that key a certificate and a PFX, by us and by node-forge. */
  readonly key: number;
  readonly ours: number;
  readonly forge: number;
}

export type Profile = 'modern' | 'legacy';

export interface CertificatesOperations extends Operations {
  /** One key, and what is made for it. */
  cost(input: { readonly iterations: number }): Promise<Costs>;
  /** A new key of 4096 bits with its certificate. */
  generate(input: null): Promise<LoopReport>;
  /** The last generated certificate as a PFX, which is kept to be read. */
  write(input: { readonly profile: Profile; readonly iterations: number }): Promise<LoopReport>;
  read(input: { readonly profile: Profile }): Promise<LoopReport>;
}

const PASSWORD = 'correct horse battery staple';
const { generateCertificate } = await built<typeof GenerateFile>('dist/core/certificates/generate.mjs');
const { writePfx } = await built<typeof WriteFile>('dist/core/certificates/pfx/write.mjs');
const { inspectCertificateFile } = await built<typeof InspectFile>('dist/core/certificates/pfx/inspect.mjs');
const { createKeyDeriver } = await built<typeof DeriverFile>('dist/core/adapters/key-deriver.mjs');
const { createKeyGenerator } = await built<typeof KeysFile>('dist/core/adapters/node-keys.mjs');
const { createNodeRandom } = await built<typeof RandomFile>('dist/core/adapters/node-random.mjs');
const { secret } = await built<typeof SecretFile>('dist/core/internal/secret.mjs');

const newKey = promisify(generateKeyPair);
const ports = { clock: { now: () => Date.now(), sleep: () => Promise.resolve() }, random: createNodeRandom(), keys: createKeyGenerator(), keyDeriver: createKeyDeriver() };
const files = new Map<Profile, Buffer>();
let current: Awaited<ReturnType<typeof generateCertificate>> | undefined;

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const startedAt = performance.now();
  const value = await work();
  return { value, ms: performance.now() - startedAt };
}

async function ours(pair: RsaKeyPair, iterations: number): Promise<void> {
  const { der, privateKey } = await generateCertificate({ ...ports, keys: { generateRsa: async () => pair } }, { subject: 'Backup', keyBits: 2048 });
  const pkcs8 = createPrivateKey(privateKey.reveal()).export({ type: 'pkcs8', format: 'der' });
  await writePfx(ports, { pkcs8, certificates: [der], password: secret(PASSWORD), friendlyName: 'Backup', iterations });
}

/** As its documentation has it, with the key made elsewhere. */
async function byForge(pem: string, count: number): Promise<void> {
  const privateKey = forge.pki.privateKeyFromPem(pem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.rsa.setPublicKey(privateKey.n, privateKey.e);
  certificate.serialNumber = '4001020304';
  certificate.validity.notBefore = new Date();
  certificate.validity.notAfter = new Date(Date.now() + 365 * 86_400_000);
  const name = [{ name: 'commonName', value: 'Backup' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([{ name: 'basicConstraints', cA: false }, { name: 'keyUsage', digitalSignature: true }, { name: 'extKeyUsage', clientAuth: true }, { name: 'subjectKeyIdentifier' }]);
  certificate.sign(privateKey, forge.md.sha256.create());
  const pfx = forge.pkcs12.toPkcs12Asn1(privateKey, [certificate], PASSWORD, { algorithm: 'aes256', count, friendlyName: 'Backup' });
  if (forge.asn1.toDer(pfx).length() === 0) throw new Error('node-forge wrote nothing.');
}

async function cost(iterations: number): Promise<Costs> {
  const made = await timed(() => newKey('rsa', { modulusLength: 2048 }));
  const pem = made.value.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const pair = { privateKey: secret(pem), publicKey: made.value.publicKey.export({ format: 'der', type: 'spki' }) };
  const own = await timed(() => ours(pair, iterations));
  const foreign = await timed(() => byForge(pem, iterations));
  return { key: made.ms, ours: own.ms, forge: foreign.ms };
}

async function watched(work: () => Promise<unknown>): Promise<LoopReport> {
  const stop = watchLoop();
  await work();
  // One turn more, so that what the last step held is seen.
  await new Promise((resolve) => setTimeout(resolve, 2));
  return stop();
}

const operations: CertificatesOperations = {
  cost: async ({ iterations }) => cost(iterations),
  generate: async () => watched(async () => (current = await generateCertificate(ports, { subject: 'Backup', keyBits: 4096 }))),
  write: async ({ profile, iterations }) =>
    watched(async () => {
      if (current === undefined) throw new Error('No certificate was generated.');
      const pkcs8 = createPrivateKey(current.privateKey.reveal()).export({ type: 'pkcs8', format: 'der' });
      files.set(profile, await writePfx(ports, { pkcs8, certificates: [current.der], password: secret(PASSWORD), profile, iterations }));
    }),
  read: async ({ profile }) =>
    watched(async () => {
      const report = await inspectCertificateFile(ports, { bytes: files.get(profile) ?? Buffer.alloc(0), password: secret(PASSWORD) });
      if (!report.ok || !report.usableForEntra) throw new Error('The file was not read.');
    }),
};

serveOperations(operations, () => Promise.resolve());
