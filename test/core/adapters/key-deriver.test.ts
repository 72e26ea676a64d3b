import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it, vi } from 'vitest';
import { createKeyDeriver } from '../../../src/core/adapters/key-deriver';
import * as thread from '../../../src/core/adapters/key-derivation-thread';
import type { DerivationHash, KeyDerivation } from '../../../src/core/ports';

const password = Buffer.from('\0p\0a\0s\0s\0\0', 'latin1');
const salt = Buffer.from('0123456789abcdef', 'hex');
const pkcs12 = (changes: Partial<Extract<KeyDerivation, { function: 'pkcs12' }>> = {}): KeyDerivation => ({ function: 'pkcs12', hash: 'sha1', purpose: 'key', password, salt, iterations: 3, lengthBytes: 24, ...changes });

/** RFC 7292 appendix B.2 once more, by big integers instead of octets. */
function expected({ hash, purpose, password, salt, iterations, lengthBytes }: Extract<KeyDerivation, { function: 'pkcs12' }>): Buffer {
  const block = { 'sha3-224': 144, 'sha3-256': 136, 'sha3-384': 104, 'sha3-512': 72 }[hash as string] ?? (/sha(384|512)/.test(hash) ? 128 : 64);
  const repeated = (bytes: Uint8Array, length: number) => Buffer.from(Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0));
  const padded = (bytes: Uint8Array) => repeated(bytes, Math.ceil(bytes.length / block) * block);
  let input = Buffer.concat([padded(salt), padded(password)]);
  let output = Buffer.alloc(0);
  while (output.length < lengthBytes) {
    let digest: Buffer = Buffer.concat([Buffer.alloc(block, { key: 1, iv: 2, mac: 3 }[purpose]), input]);
    for (let round = 0; round < iterations; round += 1) digest = createHash(hash).update(digest).digest();
    output = Buffer.concat([output, digest]);
    const addend = BigInt(`0x${repeated(digest, block).toString('hex')}`) + 1n;
    const blocks = Array.from({ length: input.length / block }, (_, index) => BigInt(`0x${input.subarray(index * block, (index + 1) * block).toString('hex')}`));
    input = Buffer.from(blocks.map((value) => ((value + addend) % 2n ** BigInt(block * 8)).toString(16).padStart(block * 2, '0')).join(''), 'hex');
  }
  return output.subarray(0, lengthBytes);
}

describe('a key from a password', () => {
  const deriver = createKeyDeriver();

  it.each<DerivationHash>(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-224', 'sha512-256', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512'])('is what PKCS#12 says, with %s', async (hash) => {
    for (const changes of [{}, { iterations: 1 }, { iterations: 257, lengthBytes: 70 }, { purpose: 'mac' }, { purpose: 'iv', lengthBytes: 8 }, { password: Buffer.alloc(0) }, { password: Buffer.alloc(2) }, { salt: Buffer.alloc(0) }, { salt: Buffer.alloc(129, 0xff) }] as const) {
      const derivation = pkcs12({ hash, ...changes }) as Extract<KeyDerivation, { function: 'pkcs12' }>;
      expect(Buffer.from(await deriver.derive(derivation)).toString('hex')).toBe(expected(derivation).toString('hex'));
    }
  });

  it('is what PBKDF2 and scrypt say, light and heavy', async () => {
    for (const iterations of [1, 20_001]) {
      const key = await deriver.derive({ function: 'pbkdf2', hash: 'sha256', password, salt, iterations, lengthBytes: 32 });
      expect(Buffer.from(key)).toEqual(pbkdf2Sync(password, salt, iterations, 32, 'sha256'));
    }
    const key = await deriver.derive({ function: 'scrypt', cost: 1024, blockSize: 8, parallelization: 2, password, salt, lengthBytes: 32 });
    expect(Buffer.from(key)).toEqual(scryptSync(password, salt, 32, { N: 1024, r: 8, p: 2 }));
  });

  it('is made on a thread, so that the event loop goes on meanwhile', async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const heavy = pkcs12({ iterations: 150_000 });
    delay.enable();
    const start = performance.now();
    await deriver.derive(heavy);
    const took = performance.now() - start;
    delay.disable();
    clearInterval(counting);
    expect(turns).toBeGreaterThan(3);
    // Whatever the load of the machine, holding the loop for the whole derivation would show as one delay of that length.
    expect(delay.max / 1e6).toBeLessThan(took);
  });
});

describe('a derivation that is not to go on', () => {
  const endless = pkcs12({ hash: 'sha512', iterations: 1_000_000_000 });

  it('ends when it takes too long, and the next one works', async () => {
    const deriver = createKeyDeriver({ timeoutMs: 50 });
    await expect(deriver.derive(endless)).rejects.toMatchObject({ code: 'PFX_TOO_SLOW', retryable: true });
    const patient = createKeyDeriver();
    expect(await patient.derive(pkcs12())).toHaveLength(24);
  });

  it('ends with its thread when it is aborted, also while it waits its turn', async () => {
    const threads = vi.spyOn(thread, 'startDerivationThread');
    const deriver = createKeyDeriver();
    const stop = new AbortController();
    const running = [endless, endless, endless].map((derivation) => deriver.derive(derivation, stop.signal));
    const reason = new Error('not wanted any more');
    await vi.waitFor(() => expect(threads.mock.results).toHaveLength(2));
    const ended = threads.mock.results.map(async ({ value }) => new Promise((resolve) => void (value as ReturnType<typeof thread.startDerivationThread>).once('exit', resolve)));
    stop.abort(reason);
    for (const result of await Promise.allSettled(running)) expect(result).toEqual({ status: 'rejected', reason });
    await Promise.all(ended);
    expect(threads).toHaveBeenCalledTimes(2);
    threads.mockRestore();
    await expect(deriver.derive(endless, stop.signal)).rejects.toBe(reason);
  });

  it('never runs beside more than one other, and its thread is used again', async () => {
    const threads = vi.spyOn(thread, 'startDerivationThread');
    const deriver = createKeyDeriver();
    const keys = await Promise.all(Array.from({ length: 8 }, (_, index) => deriver.derive(pkcs12({ iterations: 500 + index }))));
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(8);
    expect(threads).toHaveBeenCalledTimes(2);
    threads.mockRestore();
  });

  it('is replaced by a new thread when its idle one has ended', async () => {
    const threads = vi.spyOn(thread, 'startDerivationThread');
    const deriver = createKeyDeriver({ idleMs: 0 });
    await deriver.derive(pkcs12());
    const first = threads.mock.results[0]?.value as ReturnType<typeof thread.startDerivationThread>;
    await new Promise((resolve) => void first.once('exit', resolve));
    expect(await deriver.derive(pkcs12())).toHaveLength(24);
    expect(threads).toHaveBeenCalledTimes(2);
    threads.mockRestore();
  });

  it('is never given to a thread that is about to end', async () => {
    const threads = vi.spyOn(thread, 'startDerivationThread');
    const deriver = createKeyDeriver({ idleMs: 0 });
    await deriver.derive(pkcs12());
    const first = threads.mock.results[0]?.value as ReturnType<typeof thread.startDerivationThread>;
    const ending = vi.spyOn(first, 'terminate').mockReturnValue(new Promise(() => undefined));
    await vi.waitFor(() => expect(ending).toHaveBeenCalled());
    expect(await deriver.derive(pkcs12())).toHaveLength(24);
    expect(threads).toHaveBeenCalledTimes(2);
    ending.mockRestore();
    threads.mockRestore();
    await first.terminate();
  });
});
