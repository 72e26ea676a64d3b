/** What resources publish, remembered for a short while: never across tenants, never for long, never without end. */
import { describe, expect, it } from 'vitest';
import type { ResourceEvidence } from '../../../src/core/consent/evidence/evidence-model';
import { createResourceMemory } from '../../../src/core/consent/evidence/resource-memory';
import { createMovableClock } from '../../../src/core/testing/movable-clock';

const GRAPH = '00000003-0000-0000-c000-000000000000';
const published = (objectId: string): ResourceEvidence => ({ objectId, roles: [{ id: 'r', name: 'Mail.Read' }], scopes: [] });

function memory() {
  const clock = createMovableClock(1_000_000);
  return { clock, resources: createResourceMemory(clock, 'https://graph.microsoft.com') };
}

describe('the memory of resources', () => {
  it('gives each tenant its own object id, and keeps equal lists once', () => {
    const { resources } = memory();
    resources.keep('tenant-a', GRAPH, published('a'));
    resources.keep('tenant-b', GRAPH, published('b'));
    expect([resources.find('TENANT-A', GRAPH)?.objectId, resources.find('tenant-b', GRAPH)?.objectId, resources.find('tenant-c', GRAPH)]).toEqual(['a', 'b', undefined]);
    expect(resources.find('tenant-a', GRAPH)?.roles).toBe(resources.find('tenant-b', GRAPH)?.roles);
  });

  it('forgets after two hours, and at once when the clock was set back', () => {
    const { clock, resources } = memory();
    resources.keep('tenant-a', GRAPH, published('a'));
    clock.advance(2 * 3_600_000 - 1);
    expect(resources.find('tenant-a', GRAPH)).toBeDefined();
    clock.advance(1);
    expect(resources.find('tenant-a', GRAPH)).toBeUndefined();
    resources.keep('tenant-a', GRAPH, published('later'));
    clock.advance(-60_000);
    expect(resources.find('tenant-a', GRAPH)).toBeUndefined();
  });

  it('is bounded: what was kept longest ago goes first', () => {
    const { resources } = memory();
    for (let tenant = 0; tenant <= 20_000; tenant += 1) resources.keep(`tenant-${tenant}`, GRAPH, published('x'));
    expect([resources.find('tenant-0', GRAPH), resources.find('tenant-1', GRAPH)?.objectId, resources.find('tenant-20000', GRAPH)?.objectId]).toEqual([undefined, 'x', 'x']);
  });
});
