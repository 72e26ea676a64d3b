/**
 * A thread that derives one key after the other: PBKDF2 and scrypt as node:crypto has them, and the derivation of PKCS#12
 * (RFC 7292 appendix B), which node:crypto does not offer. Its inner loop hashes one digest again and again, so SHA-1 and
 * SHA-256 have a kernel for exactly one block (FIPS 180-4 section 6): calling into OpenSSL for each takes five times longer.
 *
 * The source is a string for the reasons in sqlite-worker.ts. The thread is ended, not asked, when it takes too long.
 */
import { Worker } from 'node:worker_threads';

const SOURCE = String.raw`
'use strict';
const { parentPort } = require('node:worker_threads');
const { hash, pbkdf2Sync, scryptSync } = require('node:crypto');

const BLOCK_BYTES = { sha384: 128, sha512: 128, 'sha512-224': 128, 'sha512-256': 128, 'sha3-224': 144, 'sha3-256': 136, 'sha3-384': 104, 'sha3-512': 72 };
const PURPOSES = { key: 1, iv: 2, mac: 3 };

const ROUND_CONSTANTS = Int32Array.from([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const schedule = new Int32Array(80);

function sha1Again(digest, times) {
  const w = schedule;
  let h0 = digest.readInt32BE(0), h1 = digest.readInt32BE(4), h2 = digest.readInt32BE(8), h3 = digest.readInt32BE(12), h4 = digest.readInt32BE(16);
  for (let round = 0; round < times; round += 1) {
    w[0] = h0; w[1] = h1; w[2] = h2; w[3] = h3; w[4] = h4; w[5] = 0x80000000 | 0;
    w.fill(0, 6, 15);
    w[15] = 160;
    for (let i = 16; i < 80; i += 1) { const x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]; w[i] = (x << 1) | (x >>> 31); }
    let a = 0x67452301, b = 0xefcdab89 | 0, c = 0x98badcfe | 0, d = 0x10325476, e = 0xc3d2e1f0 | 0, t = 0;
    for (let i = 0; i < 20; i += 1) { t = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + w[i] + 0x5a827999) | 0; e = d; d = c; c = (b << 30) | (b >>> 2); b = a; a = t; }
    for (let i = 20; i < 40; i += 1) { t = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + w[i] + 0x6ed9eba1) | 0; e = d; d = c; c = (b << 30) | (b >>> 2); b = a; a = t; }
    for (let i = 40; i < 60; i += 1) { t = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + w[i] + 0x8f1bbcdc) | 0; e = d; d = c; c = (b << 30) | (b >>> 2); b = a; a = t; }
    for (let i = 60; i < 80; i += 1) { t = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + w[i] + 0xca62c1d6) | 0; e = d; d = c; c = (b << 30) | (b >>> 2); b = a; a = t; }
    h0 = (0x67452301 + a) | 0; h1 = (0xefcdab89 + b) | 0; h2 = (0x98badcfe + c) | 0; h3 = (0x10325476 + d) | 0; h4 = (0xc3d2e1f0 + e) | 0;
  }
  return words([h0, h1, h2, h3, h4]);
}

function sha256Again(digest, times) {
  const w = schedule;
  let h0 = digest.readInt32BE(0), h1 = digest.readInt32BE(4), h2 = digest.readInt32BE(8), h3 = digest.readInt32BE(12);
  let h4 = digest.readInt32BE(16), h5 = digest.readInt32BE(20), h6 = digest.readInt32BE(24), h7 = digest.readInt32BE(28);
  for (let round = 0; round < times; round += 1) {
    w[0] = h0; w[1] = h1; w[2] = h2; w[3] = h3; w[4] = h4; w[5] = h5; w[6] = h6; w[7] = h7; w[8] = 0x80000000 | 0;
    w.fill(0, 9, 15);
    w[15] = 256;
    for (let i = 16; i < 64; i += 1) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = (w[i - 16] + (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) + w[i - 7] + (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10))) | 0;
    }
    let a = 0x6a09e667, b = 0xbb67ae85 | 0, c = 0x3c6ef372, d = 0xa54ff53a | 0, e = 0x510e527f, f = 0x9b05688c | 0, g = 0x1f83d9ab, h = 0x5be0cd19;
    for (let i = 0; i < 64; i += 1) {
      const t1 = (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + (g ^ (e & (f ^ g))) + ROUND_CONSTANTS[i] + w[i]) | 0;
      const t2 = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) | (c & (a | b)))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    h0 = (0x6a09e667 + a) | 0; h1 = (0xbb67ae85 + b) | 0; h2 = (0x3c6ef372 + c) | 0; h3 = (0xa54ff53a + d) | 0;
    h4 = (0x510e527f + e) | 0; h5 = (0x9b05688c + f) | 0; h6 = (0x1f83d9ab + g) | 0; h7 = (0x5be0cd19 + h) | 0;
  }
  return words([h0, h1, h2, h3, h4, h5, h6, h7]);
}

function words(values) {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeInt32BE(value, index * 4));
  return bytes;
}

const kernels = { sha1: sha1Again, sha256: sha256Again };

function hashAgain(name, digest, times) {
  if (kernels[name] !== undefined) return kernels[name](digest, times);
  let last = digest;
  for (let round = 0; round < times; round += 1) last = hash(name, last, 'buffer');
  return last;
}

function repeatTo(bytes, length) {
  const repeated = Buffer.alloc(length);
  for (let i = 0; i < length && bytes.length > 0; i += 1) repeated[i] = bytes[i % bytes.length];
  return repeated;
}

/** RFC 7292 appendix B.2, step by step. */
function pkcs12({ hash: name, purpose, password, salt, iterations, lengthBytes }) {
  const block = BLOCK_BYTES[name] || 64;
  const filled = (bytes) => repeatTo(bytes, block * Math.ceil(bytes.length / block));
  const diversifier = Buffer.alloc(block, PURPOSES[purpose]);
  const input = Buffer.concat([filled(salt), filled(password)]);
  const parts = [];
  for (let made = 0; made < lengthBytes; ) {
    const digest = hashAgain(name, hash(name, Buffer.concat([diversifier, input]), 'buffer'), iterations - 1);
    parts.push(digest);
    made += digest.length;
    const addend = repeatTo(digest, block);
    for (let start = 0; start < input.length; start += block) {
      let carry = 1;
      for (let i = block - 1; i >= 0; i -= 1) {
        carry += input[start + i] + addend[i];
        input[start + i] = carry & 255;
        carry >>= 8;
      }
    }
  }
  return Buffer.concat(parts).subarray(0, lengthBytes);
}

const functions = {
  pkcs12,
  pbkdf2: ({ password, salt, iterations, lengthBytes, hash: name }) => pbkdf2Sync(password, salt, iterations, lengthBytes, name),
  scrypt: ({ password, salt, lengthBytes, cost, blockSize, parallelization }) =>
    scryptSync(password, salt, lengthBytes, { N: cost, r: blockSize, p: parallelization, maxmem: 256 * cost * blockSize + 1048576 }),
};

parentPort.on('message', (derivation) => {
  try {
    parentPort.postMessage({ key: new Uint8Array(functions[derivation.function](derivation)) });
  } catch (error) {
    parentPort.postMessage({ failure: String(error.code || error.name) });
  }
});
`;

/** A derivation needs almost none of V8's memory; scrypt's own is bounded before it is asked for. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8, stackSizeMb: 2 };

/** Answers each message, a derivation, with `{key}` or `{failure}`. */
export function startDerivationThread(): Worker {
  // Without its own arguments the thread would inherit loaders and debuggers of the host.
  return new Worker(SOURCE, { eval: true, execArgv: [], resourceLimits: LIMITS, name: 'm365-onboarding keys' });
}
