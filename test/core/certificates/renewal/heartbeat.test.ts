import { describe, expect, it } from 'vitest';
import { judgeHeartbeat, readHeartbeat, writeHeartbeat } from '../../../../src/core/certificates/renewal/heartbeat';
import { occasionId, tellOccasion } from '../../../../src/core/certificates/renewal/occasions';
import { hasCode } from '../../../../src/core/errors';
import type { DomainEvent } from '../../../../src/core/ports';
import { corePorts, START } from '../../../support/core-ports';

const HOUR_MS = 3_600_000;

describe('the heartbeat of the scheduled check', () => {
  it('is overdue after twice the interval, and not before', () => {
    const heartbeat = { at: START, by: 'op-1', everyHours: 1 };
    const facts = { heartbeat, firstCertificateAt: START - 1000 * HOUR_MS, checkEveryHours: 24 };
    expect(judgeHeartbeat(facts, START + 2 * HOUR_MS)).toEqual({ lastAt: START, dueBy: '2026-03-01T11:00:00.000Z', overdue: false });
    expect(judgeHeartbeat(facts, START + 2 * HOUR_MS + 1)).toMatchObject({ overdue: true });
  });

  it('counts from the first certificate while no check ever ran, and from nothing while there is none', () => {
    const facts = { heartbeat: undefined, checkEveryHours: 24 };
    expect(judgeHeartbeat({ ...facts, firstCertificateAt: START }, START + 49 * HOUR_MS)).toEqual({ lastAt: null, dueBy: '2026-03-03T09:00:00.000Z', overdue: true });
    expect(judgeHeartbeat({ ...facts, firstCertificateAt: null }, START + 1e12)).toEqual({ lastAt: null, dueBy: null, overdue: false });
  });

  it('never goes back, so that a check that took long does not hide a newer one', async () => {
    const ports = corePorts();
    const old = { ...ports, clock: { ...ports.clock, now: () => START - 5 } };
    await writeHeartbeat(ports, { by: 'op-1', everyHours: 24 });
    await writeHeartbeat(old, { by: 'op-2', everyHours: 24 });
    expect(await readHeartbeat(ports)).toEqual({ at: START, by: 'op-1', everyHours: 24 });
  });

  it('cannot be forged by whoever can write to the store', async () => {
    const ports = corePorts();
    await writeHeartbeat(ports, { by: 'op-1', everyHours: 24 });
    const kept = await ports.store.get('certificates/heartbeat/check');
    await ports.store.set('certificates/heartbeat/check', (kept?.value ?? '').replace(String(START), String(START + 1e9)));
    const refused = await readHeartbeat(ports).catch((error: unknown) => error);
    expect(hasCode(refused, 'STATE_RECORD_TAMPERED')).toBe(true);
  });
});

describe('an occasion', () => {
  const occasion = { type: 'certificate.due', subject: 'AB', data: { name: 'Backup' } } as const;

  it('is told once, whoever asks and however often', async () => {
    const ports = corePorts();
    const told: DomainEvent[] = [];
    const tell = () => tellOccasion({ ...ports, events: { emit: (event) => void told.push(event) } }, occasion);
    expect((await Promise.all([tell(), tell(), tell()])).filter(Boolean)).toHaveLength(1);
    ports.clock.advance(300 * 24 * HOUR_MS);
    expect(await tell()).toBe(false);
    expect(told).toEqual([{ type: 'certificate.due', at: START, accountId: null, data: { name: 'Backup' } }]);
  });

  it('is told again by the next check when whoever told it died before that was on record', async () => {
    let told = 0;
    const ports = { ...corePorts(), events: { emit: () => void (told += 1) } };
    const dying = { ...ports, store: { ...ports.store, replace: () => Promise.reject(new Error('killed')) } };
    await expect(tellOccasion(dying, occasion)).rejects.toThrow('killed');
    expect(await tellOccasion(ports, occasion)).toBe(false);
    ports.clock.advance(10 * 60_000 + 1);
    expect(await tellOccasion(ports, occasion)).toBe(true);
    expect(told).toBe(2);
  });

  it('cannot be silenced beforehand by whoever can write to the store', async () => {
    const ports = { ...corePorts(), events: { emit: () => undefined } };
    const content = JSON.stringify({ claimedAt: START, told: true });
    await ports.store.set(`certificates/occasion/${occasionId(occasion)}`, JSON.stringify({ schemaVersion: 1, revision: 1, content }));
    const refused = await tellOccasion(ports, occasion).catch((error: unknown) => error);
    expect(hasCode(refused, 'STATE_RECORD_TAMPERED')).toBe(true);
  });

  it('is told although a listener fails', async () => {
    const emit = () => {
      throw new Error('listener');
    };
    const ports = { ...corePorts(), events: { emit } };
    expect(await tellOccasion(ports, occasion)).toBe(true);
    expect(await ports.store.get(`certificates/occasion/${occasionId(occasion)}`)).toBeDefined();
  });

  it('is not used up where nobody listens', async () => {
    const ports = corePorts();
    expect(await tellOccasion({ ...ports, events: { isSilent: true, emit: () => undefined } }, occasion)).toBe(false);
    expect(await tellOccasion({ ...ports, events: { emit: () => undefined } }, occasion)).toBe(true);
  });
});
