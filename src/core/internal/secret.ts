/**
 * A secret is a value whose string, JSON and inspect forms are redacted, so that logging an object by
 * mistake cannot leak it. Reading it is one explicit call, `reveal()`, which is easy to search for.
 */

const inspectCustom = Symbol.for('nodejs.util.inspect.custom');
const brand = Symbol.for('m365-onboarding.secret');

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The plaintext. Call it where the value leaves for its one purpose, never to build a message. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspectCustom](): string {
    return 'Secret([redacted])';
  }
}

/** Wrap a plaintext. Wrapping a secret again gives the same secret. */
export function secret(value: string | Secret): Secret {
  return typeof value === 'string' ? new Secret(value) : value;
}

/** Recognised by brand, not by class: an ESM and a CommonJS copy of this file can live in one process. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
