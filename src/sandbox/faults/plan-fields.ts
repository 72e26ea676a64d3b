/**
 * Small readers of a plan's fields: each says where a mistake is (`rules[2].when.nth`). Unknown members are mistakes too:
 * a misspelt one would otherwise be a fault that never happens.
 */
import { isJsonObject, type JsonObject } from '../jwt';

/** A fault plan that cannot be used; the message names the field. */
export class FaultPlanError extends Error {
  override readonly name = 'FaultPlanError';
}

export function fail(at: string, what: string): never {
  throw new FaultPlanError(`${at === '' ? 'The fault plan' : at} ${what}.`);
}

export function readObject(value: unknown, at: string, members: readonly string[]): JsonObject {
  if (!isJsonObject(value)) fail(at, 'must be an object');
  const stranger = Object.keys(value).find((name) => !members.includes(name));
  if (stranger !== undefined) fail(join(at, stranger), `is not known here; there are ${members.join(', ')}`);
  return value;
}

export function readList<T>(value: unknown, at: string, read: (item: unknown, at: string) => T): T[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) fail(at, 'must be a list');
  return value.map((item: unknown, index) => read(item, `${at}[${index}]`));
}

export function readText(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') fail(at, 'must be a non-empty text');
  return value;
}

export function readNumber(value: unknown, at: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) fail(at, `must be a number from ${min} to ${max}`);
  return value;
}

export function readWhole(value: unknown, at: string, min: number, max: number): number {
  const number = readNumber(value, at, min, max);
  if (!Number.isInteger(number)) fail(at, 'must be a whole number');
  return number;
}

export function readChoice<const T extends string>(value: unknown, at: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) fail(at, `must be one of ${choices.join(', ')}`);
  return found;
}

/** The member under `name` of the result, or no such member when it was not given. */
export function optional<const Name extends string, T>(object: JsonObject, name: Name, at: string, read: (value: unknown, at: string) => T): { readonly [Key in Name]?: T } {
  const value = object[name];
  if (value === undefined) return {};
  return { [name]: read(value, join(at, name)) } as { readonly [Key in Name]?: T };
}

export function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}
