import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSealer, parseKeyRing } from '../../../src/core/sealing';
import type { SealBinding } from '../../../src/core/ports';
import { hasCode } from '../../../src/core/errors';

const KEY_A = randomBytes(32).toString('base64');
const KEY_B = randomBytes(32).toString('base64');
const ring = parseKeyRing(`a:${KEY_A}`);
const binding: SealBinding = { kind: 'certificate/key', id: '1', field: 'privateKey', thumbprint: 'AB' };

function sealerOf(keys: string, storeId = 'store-1') {
  return createSealer({ ring: parseKeyRing(keys), storeId, randomBytes: (length) => randomBytes(length) });
}

const sealer = sealerOf(`a:${KEY_A}`);

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return hasCode(error, 'SEAL_BROKEN', 'MASTER_KEY_INVALID', 'MASTER_KEY_MISSING') ? error.code : `foreign: ${String(error)}`;
  }
  return 'accepted';
}

/** Any text at all, also with halves of surrogate pairs. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units));

describe('sealing', () => {
  it('gives back any text it sealed', () => {
    fc.assert(fc.property(anyText, (text) => sealer.open(sealer.seal(text, binding), binding).reveal() === text));
  });

  it('refuses a sealed text with any one bit flipped', () => {
    const sealed = Buffer.from(sealer.seal('a private key', binding), 'latin1');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(codeOf(() => sealer.open(changed.toString('latin1'), binding)), `bit ${bit}`).toBe('SEAL_BROKEN');
    }
  });

  it('refuses whatever it did not make', () => {
    fc.assert(fc.property(anyText, (text) => codeOf(() => sealer.open(text, binding)) === 'SEAL_BROKEN'));
    const sealed = sealer.seal('x', binding);
    for (const text of ['', '.', 's1.a..', `${sealed}.`, `${sealed}=`, ` ${sealed}`, sealed.slice(0, -1), sealed.replace('s1', 's2')]) {
      expect(codeOf(() => sealer.open(text, binding))).toBe('SEAL_BROKEN');
    }
  });

  it('refuses a value moved to another record, kind, field, certificate or store', () => {
    const sealed = sealer.seal('secret', binding);
    const moved: SealBinding[] = [
      { ...binding, kind: 'certificate' },
      { ...binding, id: '2' },
      { ...binding, field: 'password' },
      { ...binding, thumbprint: 'AC' },
      { kind: binding.kind, id: binding.id, field: binding.field },
      // The parts must not run together: what matters is where each one ends.
      { ...binding, kind: 'certificate/key/1', id: '' },
    ];
    for (const other of moved) expect(codeOf(() => sealer.open(sealed, other)), JSON.stringify(other)).toBe('SEAL_BROKEN');
    expect(codeOf(() => sealerOf(`a:${KEY_A}`, 'store-2').open(sealed, binding))).toBe('SEAL_BROKEN');
  });

  it('refuses a data key taken from another record', () => {
    const [form, key, , value] = sealer.seal('mine', binding).split('.');
    const [, , foreignDataKey] = sealer.seal('theirs', { ...binding, id: '2' }).split('.');
    expect(codeOf(() => sealer.open([form, key, foreignDataKey, value].join('.'), binding))).toBe('SEAL_BROKEN');
  });

  it('never seals the same text twice alike, and never shows it', () => {
    const text = 'correct horse battery staple';
    const first = sealer.seal(text, binding);
    expect(sealer.seal(text, binding)).not.toBe(first);
    const shown = [first, inspect(sealer.open(first, binding)), JSON.stringify(sealer.open(first, binding)), inspect(ring, { depth: 9, showHidden: true }), JSON.stringify([...ring.byId])];
    for (const output of shown) {
      expect(output).not.toContain(text);
      expect(output).not.toContain(Buffer.from(text).toString('base64url').slice(0, 20));
      expect(output).not.toContain(KEY_A.slice(0, 20));
    }
  });
});

describe('rotation of the master key', () => {
  const both = sealerOf(`b:${KEY_B},a:${KEY_A}`);
  const onlyNew = sealerOf(`b:${KEY_B}`);

  it('opens with an old key, and after rewrapping without it', () => {
    const old = sealer.seal('secret', binding);
    expect(both.open(old, binding).reveal()).toBe('secret');
    expect(codeOf(() => onlyNew.open(old, binding))).toBe('SEAL_BROKEN');
    expect(onlyNew.open(both.rewrap(old, binding), binding).reveal()).toBe('secret');
  });

  it('will not rewrap what it cannot open', () => {
    const sealed = sealer.seal('secret', binding);
    const lastOfValueChanged = `${sealed.slice(0, -4)}${sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    expect(codeOf(() => both.rewrap(lastOfValueChanged, binding))).toBe('SEAL_BROKEN');
    expect(codeOf(() => both.rewrap(sealed, { ...binding, id: '2' }))).toBe('SEAL_BROKEN');
  });

  it('does not take a value for one of another key id', () => {
    const renamed = sealer.seal('secret', binding).replace('s1.a.', 's1.b.');
    expect(codeOf(() => sealerOf(`a:${KEY_A},b:${KEY_A}`).open(renamed, binding))).toBe('SEAL_BROKEN');
  });
});

describe('codes over plaintext', () => {
  it('are accepted for exactly the content, record, field and store they were made for', () => {
    const code = sealer.authenticate('level=none', binding);
    expect(sealer.isAuthentic('level=none', code, binding)).toBe(true);
    expect(sealer.isAuthentic('level=full', code, binding)).toBe(false);
    expect(sealer.isAuthentic('level=none', code, { ...binding, id: '2' })).toBe(false);
    expect(sealer.isAuthentic('level=none', code, { ...binding, field: 'other' })).toBe(false);
    expect(sealerOf(`a:${KEY_A}`, 'store-2').isAuthentic('level=none', code, binding)).toBe(false);
    expect(sealerOf(`a:${KEY_B}`).isAuthentic('level=none', code, binding)).toBe(false);
  });

  it('are refused with any one bit flipped, and in any other form', () => {
    const code = Buffer.from(sealer.authenticate('content', binding), 'latin1');
    for (let bit = 0; bit < code.length * 8; bit += 1) {
      const changed = Buffer.from(code);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(sealer.isAuthentic('content', changed.toString('latin1'), binding), `bit ${bit}`).toBe(false);
    }
    fc.assert(fc.property(anyText, (text) => !sealer.isAuthentic('content', text, binding)));
  });

  it('stay valid while their key is in the ring', () => {
    const code = sealer.authenticate('content', binding);
    const rotated = sealerOf(`b:${KEY_B},a:${KEY_A}`);
    expect(rotated.isAuthentic('content', code, binding)).toBe(true);
    expect(rotated.authenticate('content', binding).startsWith('b.')).toBe(true);
  });
});

describe('without a master key', () => {
  it('nothing is sealed, opened or believed', () => {
    const none = createSealer({ ring: undefined, storeId: 's', randomBytes: (length) => randomBytes(length) });
    expect(none.ready).toBe(false);
    for (const act of [
      () => none.seal('x', binding),
      () => none.open('x', binding),
      () => none.rewrap('x', binding),
      () => none.authenticate('x', binding),
      () => none.isAuthentic('x', 'a.b', binding),
    ]) {
      expect(codeOf(act)).toBe('MASTER_KEY_MISSING');
    }
  });
});

describe('a key ring', () => {
  it('uses another key for every purpose, and the master key for none', () => {
    const { wrapping, authenticating } = ring.current;
    const master = createSecretKey(Buffer.from(KEY_A, 'base64'));
    expect(wrapping.equals(authenticating)).toBe(false);
    expect(wrapping.equals(master)).toBe(false);
    expect(authenticating.equals(master)).toBe(false);
  });

  it('takes both base64 alphabets, with padding or without, and spaces around entries', () => {
    const bytes = Buffer.alloc(32, 0xfb);
    const spellings = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('base64').replace('=', '')];
    const sealed = sealerOf(`k:${spellings[0]}`).seal('x', binding);
    for (const spelling of spellings) expect(sealerOf(` k:${spelling} `).open(sealed, binding).reveal()).toBe('x');
  });

  it('names the entry it cannot use, and none of its content', () => {
    const short = randomBytes(16).toString('base64');
    const cases: [string, number][] = [
      ['', 1],
      [KEY_A, 1],
      [`:${KEY_A}`, 1],
      [`a:${KEY_A},`, 2],
      [`a:${KEY_A},b:${short}`, 2],
      [`a:${KEY_A},b:${KEY_B}!`, 2],
      [`a:${KEY_A},b b:${KEY_B}`, 2],
      [`a:${KEY_A},a:${KEY_B}`, 2],
    ];
    for (const [text, entry] of cases) {
      const error = (() => {
        try {
          return parseKeyRing(text);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(hasCode(error, 'MASTER_KEY_INVALID') && error.details['entry'], text.length.toString()).toBe(entry);
      for (const content of [KEY_A, KEY_B, short]) expect(inspect(error)).not.toContain(content.slice(0, 10));
    }
  });
});
