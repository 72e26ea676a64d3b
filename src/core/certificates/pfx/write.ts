/**
 * Writes PKCS#12 (RFC 7292) and encrypted PKCS#8 (RFC 5958) with one password. Two profiles: `modern` is AES-256 with
 * PBKDF2 and SHA-256 throughout (RFC 8018), which Windows since 2019, OpenSSL, Java and browsers read; `legacy` is 3DES and
 * SHA-1 for Windows Server 2016 and before. RC2 and unencrypted keys are never written.
 */
import { createCipheriv, createHmac } from 'node:crypto';
import { OnboardingError } from '../../errors';
import { sha1Hex } from '../../internal/encoding';
import type { Secret } from '../../internal/secret';
import type { KeyDerivation, Ports } from '../../ports';
import { bmpText, integer, none, objectId, octets, sequence, setOf, tagged, taggedOctets } from './der';
import { MAX_ITERATIONS } from './limits';
import { OID } from './object-ids';
import { toUtf16 } from './passwords';

export type PfxProfile = 'modern' | 'legacy';
export const PFX_PROFILES: readonly PfxProfile[] = ['modern', 'legacy'];

type WritePorts = Pick<Ports, 'keyDeriver' | 'random'>;

export interface Protection {
  /** 1 to 256 characters. */
  readonly password: Secret;
  /** Default `modern`. */
  readonly profile?: PfxProfile | undefined;
  /** Of every derivation in the file. Default 100,000, at most 1,000,000; .NET refuses more than 300,000. */
  readonly iterations?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PfxToWrite extends Protection {
  /** DER PrivateKeyInfo. */
  readonly pkcs8: Uint8Array;
  /** DER, the certificate of the key first. */
  readonly certificates: readonly Uint8Array[];
  /** What Windows shows as the name. */
  readonly friendlyName?: string | undefined;
  /** Names Windows' CSP provider, so that Windows keeps the key where Exchange Online PowerShell can use it and not in CNG. */
  readonly csp?: boolean | undefined;
}

const DEFAULT_ITERATIONS = 100_000;
const MAX_PASSWORD_LENGTH = 256;
const CSP = 'Microsoft Enhanced RSA and AES Cryptographic Provider';

/** Raises `CERTIFICATE_INPUT_INVALID` (`details.parameter`), `PFX_TOO_SLOW`; rejects with the signal's reason. */
export async function writePfx(ports: WritePorts, input: PfxToWrite): Promise<Buffer> {
  const certificates = sequence(...input.certificates.map((der, index) => certificateBag(input, der, index === 0)));
  // None of the three derivations needs another, and they are all the time a file takes.
  const [encryptedCertificates, encryptedKey, mac] = await Promise.all([encrypt(ports, input, certificates), encryptPkcs8(ports, input), prepareMac(ports, input)]);
  const keyBag = sequence(objectId(OID.shroudedKeyBag), tagged(0, encryptedKey), attributesOf(input, input.csp === true));
  const authenticated = sequence(
    sequence(objectId(OID.encryptedData), tagged(0, sequence(integer(0), sequence(objectId(OID.data), encryptedCertificates.algorithm, taggedOctets(0, encryptedCertificates.ciphertext))))),
    sequence(objectId(OID.data), tagged(0, octets(sequence(keyBag)))),
  );
  return sequence(integer(3), sequence(objectId(OID.data), tagged(0, octets(authenticated))), mac(authenticated));
}

/** DER EncryptedPrivateKeyInfo. Raises like {@link writePfx}. */
export async function encryptPkcs8(ports: WritePorts, input: Protection & Pick<PfxToWrite, 'pkcs8'>): Promise<Buffer> {
  const { algorithm, ciphertext } = await encrypt(ports, input, Buffer.from(input.pkcs8));
  return sequence(algorithm, octets(ciphertext));
}

/** A password people can type again on any system. Raises `CERTIFICATE_INPUT_INVALID`; the password is in no message. */
export function requireExportPassword(password: Secret | undefined): Secret {
  const text = password?.reveal() ?? '';
  const isTypable = text !== '' && Array.from(text).length <= MAX_PASSWORD_LENGTH && text.isWellFormed() && !/\p{Cc}/u.test(text);
  if (password !== undefined && isTypable) return password;
  throw invalid('password', 'A file with a private key needs a password of 1 to 256 characters without control characters.');
}

function certificateBag(input: PfxToWrite, der: Uint8Array, isLeaf: boolean): Buffer {
  const value = sequence(objectId(OID.x509Certificate), tagged(0, octets(der)));
  return sequence(objectId(OID.certificateBag), tagged(0, value), ...(isLeaf ? [attributesOf(input, false)] : []));
}

/** The local key id ties key and certificate for readers that do not compare public keys. */
function attributesOf({ certificates, friendlyName }: PfxToWrite, withCsp: boolean): Buffer {
  const attribute = (type: string, value: Buffer) => sequence(objectId(type), setOf(value));
  return setOf(
    attribute(OID.localKeyId, octets(Buffer.from(sha1Hex(certificates[0] ?? Buffer.alloc(0)), 'hex'))),
    ...(friendlyName === undefined || friendlyName === '' ? [] : [attribute(OID.friendlyName, bmpText(friendlyName))]),
    ...(withCsp ? [attribute(OID.cspName, bmpText(CSP))] : []),
  );
}

interface Encrypted {
  readonly algorithm: Buffer;
  readonly ciphertext: Buffer;
}

async function encrypt(ports: WritePorts, input: Protection, plain: Buffer): Promise<Encrypted> {
  return input.profile === 'legacy' ? encryptTripleDes(ports, input, plain) : encryptAes(ports, input, plain);
}

async function encryptAes({ random, keyDeriver }: WritePorts, input: Protection, plain: Buffer): Promise<Encrypted> {
  const [salt, iv, iterations] = [random.bytes(16), random.bytes(16), iterationsOf(input)];
  const password = Buffer.from(requireExportPassword(input.password).reveal(), 'utf8');
  const key = await keyDeriver.derive({ function: 'pbkdf2', hash: 'sha256', password, salt, iterations, lengthBytes: 32 }, input.signal);
  const derivation = sequence(objectId(OID.pbkdf2), sequence(octets(salt), integer(iterations), sequence(objectId(OID.hmacSha256), none())));
  const algorithm = sequence(objectId(OID.pbes2), sequence(derivation, sequence(objectId(OID.aes256Cbc), octets(iv))));
  return { algorithm, ciphertext: cipherWith('aes-256-cbc', key, iv, plain) };
}

async function encryptTripleDes({ random, keyDeriver }: WritePorts, input: Protection, plain: Buffer): Promise<Encrypted> {
  const [salt, iterations] = [random.bytes(8), iterationsOf(input)];
  const derive = async (purpose: 'key' | 'iv', lengthBytes: number) => keyDeriver.derive(pkcs12Derivation(input, { hash: 'sha1', purpose, salt, lengthBytes }), input.signal);
  const [key, iv] = await Promise.all([derive('key', 24), derive('iv', 8)]);
  const ciphertext = cipherWith('des-ede3-cbc', key, iv, plain);
  return { algorithm: sequence(objectId(OID.tripleDesPbe), sequence(octets(salt), integer(iterations))), ciphertext };
}

function cipherWith(name: string, key: Uint8Array, iv: Uint8Array, plain: Buffer): Buffer {
  const cipher = createCipheriv(name, key, iv);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

/** The MacData over what it is given. */
async function prepareMac({ random, keyDeriver }: WritePorts, input: Protection): Promise<(authenticated: Buffer) => Buffer> {
  const isLegacy = input.profile === 'legacy';
  const [hash, oid, bytes] = isLegacy ? (['sha1', OID.sha1, 20] as const) : (['sha256', OID.sha256, 32] as const);
  const salt = random.bytes(isLegacy ? 8 : 16);
  const key = await keyDeriver.derive(pkcs12Derivation(input, { hash, purpose: 'mac', salt, lengthBytes: bytes }), input.signal);
  return (authenticated) => {
    const code = createHmac(hash, key).update(authenticated).digest();
    return sequence(sequence(sequence(objectId(oid), none()), octets(code)), octets(salt), integer(iterationsOf(input)));
  };
}

function pkcs12Derivation(input: Protection, rest: Pick<Extract<KeyDerivation, { function: 'pkcs12' }>, 'hash' | 'purpose' | 'salt' | 'lengthBytes'>): KeyDerivation {
  return { function: 'pkcs12', password: toUtf16(requireExportPassword(input.password).reveal()), iterations: iterationsOf(input), ...rest };
}

function iterationsOf({ iterations = DEFAULT_ITERATIONS }: Protection): number {
  if (Number.isInteger(iterations) && iterations >= 1 && iterations <= MAX_ITERATIONS) return iterations;
  throw invalid('iterations', 'A file has 1 to 1,000,000 iterations.');
}

function invalid(parameter: string, message: string): OnboardingError {
  return new OnboardingError('CERTIFICATE_INPUT_INVALID', message, { details: { parameter } });
}
