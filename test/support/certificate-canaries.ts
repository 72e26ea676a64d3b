/** Secrets that a test gives to certificate operations, to search for them afterwards: passwords, a key, files that hold it. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { createKeyDeriver } from '../../src/core/adapters/key-deriver';
import { createKeyGenerator } from '../../src/core/adapters/node-keys';
import { createNodeRandom } from '../../src/core/adapters/node-random';
import { generateCertificate } from '../../src/core/certificates/generate';
import { encryptPkcs8, writePfx } from '../../src/core/certificates/pfx/write';
import { secret } from '../../src/core/internal/secret';
import type { Clock } from '../../src/core/ports';
import { createLeakSearch, type LeakSearch } from './leaks';

export interface Canaries {
  readonly search: LeakSearch;
  /** Of the files, and one that opens none of them. */
  readonly password: string;
  readonly wrongPassword: string;
  /** By what they are: whole, damaged, of other forms. */
  readonly files: Readonly<Record<string, Buffer>>;
}

export async function makeCanaries(clock: Clock): Promise<Canaries> {
  const ports = { clock, random: createNodeRandom(), keys: createKeyGenerator(), keyDeriver: createKeyDeriver() };
  const search = createLeakSearch();
  const [password, wrongPassword] = [`Kanarienvogel pässwörd 🔑 "${randomBytes(9).toString('hex')}"`, `Nachtigall ${randomBytes(12).toString('hex')}`];
  search.hidePassword('the password', password);
  search.hidePassword('the wrong password', wrongPassword);
  const [mine, other] = await Promise.all(['Canary', 'Other'].map((subject) => generateCertificate(ports, { subject, keyBits: 2048 })));
  if (mine === undefined || other === undefined) throw new Error('No certificates were made.');
  search.hideKey('the imported key', mine.privateKey.reveal());
  const pkcs8 = createPrivateKey(mine.privateKey.reveal()).export({ type: 'pkcs8', format: 'der' });
  const protection = { pkcs8, password: secret(password), iterations: 100 };
  const [modern, legacy] = await Promise.all((['modern', 'legacy'] as const).map((profile) => writePfx(ports, { ...protection, profile, certificates: [mine.der], friendlyName: 'Canary' })));
  if (modern === undefined || legacy === undefined) throw new Error('No files were written.');
  const encrypted = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${(await encryptPkcs8(ports, protection)).toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  for (const [name, bytes] of [['a modern PFX', modern], ['a legacy PFX', legacy]] as const) search.hideFile(name, bytes, [mine.der, Buffer.from(mine.thumbprintSha1, 'hex'), bytes === modern ? legacy : modern]);
  const bent = Buffer.from(modern);
  bent.writeUInt8(bent.readUInt8(bent.length - 60) ^ 1, bent.length - 60);
  const files = {
    modern,
    legacy,
    bent,
    cut: modern.subarray(0, modern.length - 100),
    plainPem: Buffer.from(mine.pem + mine.privateKey.reveal()),
    encryptedPem: Buffer.from(mine.pem + encrypted),
    'pem with a damaged key': Buffer.from(mine.pem + mine.privateKey.reveal().replace(/.{20}\n-----END/, '\n-----END')),
    'key of another': Buffer.from(other.pem + mine.privateKey.reveal()),
    keyDer: pkcs8,
    base64: Buffer.from(modern.toString('base64')),
    utf16: Buffer.from(mine.privateKey.reveal(), 'utf16le'),
    empty: Buffer.alloc(0),
  };
  return { search, password, wrongPassword, files };
}
