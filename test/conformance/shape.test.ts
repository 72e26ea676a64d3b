import { describe, expect, it } from 'vitest';
import { learned, metadataOf } from './corpus';
import { differences, emptyShape, learn, type Oracle } from './shape';

function oracle(...examples: readonly unknown[]): Oracle {
  const shape = emptyShape();
  for (const example of examples) learn(shape, example);
  return { shape, metadata: metadataOf('user'), isRecorded: true };
}

const id = '0a0b0c0d-0000-4000-8000-000000000001';
const example = { value: [{ id, mail: null, count: 1, at: '2026-03-01T09:00:00Z', inner: [{ a: 'x' }] }] };

describe('the comparison notices', () => {
  it.each([
    ['a member that is gone', { value: [{ id, mail: null, count: 1, at: '2026-03-01T09:00:00Z' }] }, 'value.[].inner is absent'],
    ['a member nobody knows', { value: [{ ...example.value[0], colour: 'red' }] }, 'value.[].colour was never seen'],
    ['absence in place of null', { value: [{ id, count: 1, at: '2026-03-01T09:00:00Z', inner: [] }] }, 'value.[].mail is absent'],
    ['null in place of a value', { value: [{ ...example.value[0], count: null }] }, 'value.[].count is null'],
    ['a string in place of a number', { value: [{ ...example.value[0], count: '1' }] }, 'value.[].count is string'],
    ['a string in place of a GUID', { value: [{ ...example.value[0], id: 'x' }] }, 'value.[].id is string'],
    ['a fraction in an instant', { value: [{ ...example.value[0], at: '2026-03-01T09:00:00.123Z' }] }, 'value.[].at is datetime.f'],
    ['an object in place of a list', { value: {} }, 'value is object'],
    ['a difference deep inside', { value: [{ ...example.value[0], inner: [{ a: 1 }] }] }, 'value.[].inner.[].a is number'],
    ['a member of the metadata with the wrong kind', { value: [{ ...example.value[0], accountEnabled: 'yes' }] }, 'value.[].accountEnabled is string'],
  ])('%s', (_, answer, difference) => {
    expect(differences(answer, oracle(example))).toEqual([expect.stringContaining(difference)]);
  });

  it('nothing in the example itself, nor in what the metadata allows besides', () => {
    expect(differences(example, oracle(example))).toEqual([]);
    expect(differences({ value: [{ ...example.value[0], accountEnabled: true, mail: 'a@b.example' }] }, oracle(example))).toEqual([]);
  });
});

describe('the corpus', () => {
  it('finds fault with none of its own recordings', () => {
    for (const key of ['GET /applications/{} 200', 'GET /serviceprincipals/{} 200', 'GET /groups/{} 200', 'GET /users/{} 200', 'GET /applications/{} 404']) {
      const { exchanges, shape } = learned(key);
      expect(exchanges.length).toBeGreaterThan(0);
      for (const { body } of exchanges) expect(differences(body, { shape, metadata: metadataOf('application'), isRecorded: true })).toEqual([]);
    }
  });
});
