/**
 * What a certificate file may cost. Everything here is checked before the work it bounds is begun: a file is a stranger's,
 * and its iteration counts are an order to compute. Beyond the counts, one RSA operation on an oversized key is itself
 * an attack. RFC 7292 sets no bounds; these leave room above what Windows, browsers, OpenSSL and Java write.
 */

export const MAX_FILE_BYTES = 1 << 20;
/** Of one password-based derivation. */
export const MAX_ITERATIONS = 1_000_000;
/** Of all derivations one file asks for. */
export const MAX_ITERATIONS_IN_TOTAL = 3_000_000;
export const MAX_DEPTH = 32;
/** ASN.1 elements in one file, with everything that is decrypted from it. */
export const MAX_ELEMENTS = 20_000;
/** Bags of all kinds, and the contents that hold them. */
export const MAX_ENTRIES = 400;
/** Memory of one scrypt derivation (128 * N * r), and the same times its parallelization, which bounds the time. */
export const MAX_SCRYPT_BYTES = 64 << 20;
export const MAX_SCRYPT_WORK_BYTES = 256 << 20;
/** Of all scrypt derivations one file asks for. */
export const MAX_SCRYPT_WORK_BYTES_IN_TOTAL = 512 << 20;
/** Deciphered by ciphers that are slow, 3DES and RC2, each try counted: 10 MB of it take a second. */
export const MAX_SLOW_CIPHER_BYTES = 128 << 10;
/** Of one private key that is read: RSA has 5 KB at 8192 bits; every other kind is small. */
export const MAX_RSA_KEY_BYTES = 16 << 10;
export const MAX_OTHER_KEY_BYTES = 1 << 10;
/** Of one certificate; what people use has 1 to 4 KB. */
export const MAX_CERTIFICATE_BYTES = 16 << 10;
/** A MAC key longer than any hash's block brings nothing. */
export const MAX_MAC_KEY_BYTES = 256;
/** RFC 9579 section 5: a shorter PBMAC1 key lets anybody forge the MAC by trying. */
export const MIN_MAC_KEY_BYTES = 20;
/** Salts are hashed once per derivation, in blocks. */
export const MAX_SALT_BYTES = 1024;
export const MIN_RSA_BITS = 2048;
export const MAX_RSA_BITS = 8192;
