import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIES, type LieId } from '../../src/sandbox/index';
import type { RuleId } from '../../src/verify-tenant/model';
import { resultsOf, startVerifyStage, type VerifyStage } from './support';

/** What notices each lie: a rule that differs, or the guard, which lets nothing be asked at all. */
const NOTICED_BY: Readonly<Partial<Record<LieId, RuleId | 'the guard'>>> = {
  'L-DISC-TEMPLATE': 'DISC-TEMPLATE',
  'L-DISC-ISSUER': 'the guard',
  'L-DISC-ISS-PARAMETER': 'DISC-TENANT',
  'L-DISC-ALGORITHMS': 'DISC-TENANT',
  'L-DISC-KEYS-ELSEWHERE': 'DISC-TENANT',
  'L-DISC-TENANT-UNKNOWN': 'TENANT-UNKNOWN',
  'L-KEYS-NO-ISSUER': 'DISC-KEYS',
  'L-KEYS-CONSUMER-SCOPE': 'DISC-KEYS',
  'L-KEYS-THUMBPRINT': 'DISC-KEYS',
  'L-KEYS-SWAPPED': 'DISC-KEYS',
  'L-INSTANCE-ANY': 'DISC-INSTANCE-UNKNOWN',
  'L-SECRET-ANY': 'TOKEN-SECRET-WRONG',
  'L-SECRET-STATUS': 'TOKEN-SECRET-WRONG',
  'L-ERROR-CODES': 'TOKEN-METHOD',
  'L-ASSERTION-AUDIENCE': 'ASSERTION-AUDIENCE',
  'L-ASSERTION-TIME': 'ASSERTION-TIME',
  'L-ASSERTION-SIGNATURE': 'ASSERTION-SIGNATURE',
  'L-TOKEN-COMMON': 'TOKEN-COMMON',
  'L-TOKEN-SCOPE': 'TOKEN-SCOPE-DEFAULT',
  'L-TOKEN-RESOURCE': 'TOKEN-RESOURCE',
  'L-AT-ROLES-EMPTY': 'G-ERR-TOKEN',
  'L-AT-ROLES-ALL': 'TOKEN-APP',
  'L-AT-PROOF': 'TOKEN-APP',
  'L-AT-AUDIENCE': 'the guard',
  'L-AT-LIFETIME': 'TOKEN-APP',
  'L-AT-KEY-ID': 'the guard',
  'L-GRAPH-AUDIENCE': 'G-ERR-TOKEN',
  'L-GRAPH-SIGNATURE': 'G-ERR-TOKEN',
  'L-GRAPH-CHALLENGE': 'G-ERR-TOKEN',
  'L-GRAPH-PERMISSION': 'G-ERR-DENIED',
  'L-NULL-ABSENT': 'G-ORG-LIST',
  'L-CONTENT-TYPE': 'G-SKU-LIST',
  'L-REQUEST-ID': 'G-ERR-SEGMENT',
  'L-CLIENT-REQUEST-ID': 'G-ORG-LIST',
  'L-NOT-FOUND': 'G-ERR-NOT-FOUND',
  'L-SELECT-IGNORED': 'G-USER-GET',
  'L-FILTER-IGNORED': 'G-SP-LIST',
  'L-TOP-IGNORED': 'G-USER-LIST',
  'L-COUNT': 'G-ERR-COUNT',
  'L-PAGE-RELATIVE': 'G-USER-LIST',
  'L-PAGE-LOST': 'G-USER-LIST',
  'L-PAGE-REPEATED': 'G-USER-LIST',
  'L-PAGE-END': 'G-USER-LIST',
  'L-P2': 'G-PIM-LIST',
  'L-BATCH-LIMIT': 'G-BATCH-INVALID',
  'L-BATCH-STATUS': 'G-BATCH',
  'L-BATCH-ID': 'G-BATCH',
  'L-BATCH-DEPENDENCY': 'G-BATCH',
};

/** These show only to somebody who writes. */
const NOTICED_BY_WRITING: Readonly<Partial<Record<LieId, RuleId>>> = {
  'L-SP-DUPLICATE': 'G-SP-POST-DUPLICATE',
  'L-CREATED-DIGITS': 'G-APP-POST',
  'L-KEY-SHOWN': 'G-APP-LIST',
  'L-KEY-HIDDEN': 'G-APP-GET-KEYS',
  'L-KEY-IDENTIFIER': 'G-APP-GET',
  'L-KEY-APPEND': 'G-APP-PATCH-KEYS',
  'L-KEY-LOST': 'G-APP-PATCH-KEYS',
  'L-KEY-DATES': 'G-KEY-DATES',
  'L-KEY-CHANGED': 'G-KEY-NOT-UPDATABLE',
};

describe('a service that lies', () => {
  let stage: VerifyStage;
  const told = async (lie: LieId, only: ReadonlySet<string>, write: boolean, secret: boolean) => {
    stage.sandbox.setLies([lie]);
    try {
      const report = await stage.verify({ only, write, ...(secret ? stage.secretSettings() : {}) });
      return resultsOf(report, 'differs');
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
      return code === 'TENANT_MISMATCH' || code === 'GRAPH_REFUSED' ? ['the guard'] : [String(code)];
    } finally {
      stage.sandbox.setLies([]);
    }
  };

  beforeAll(async () => {
    stage = await startVerifyStage();
  });
  afterAll(async () => stage.stop());

  it.each(Object.entries(NOTICED_BY))('is noticed by reading: %s by %s', async (lie, check) => {
    const id = LIES.find((known) => known.id === lie)?.id ?? expect.fail(`no lie ${lie}`);
    // Only a secret can be passed off as a certificate.
    expect(await told(id, new Set([check]), false, id === 'L-AT-PROOF')).toContain(check);
  });

  it.each(Object.entries(NOTICED_BY_WRITING))('is noticed by writing: %s by %s', async (lie, check) => {
    const id = LIES.find((known) => known.id === lie)?.id ?? expect.fail(`no lie ${lie}`);
    expect(await told(id, new Set([check]), true, false)).toContain(check);
  });

  it('is told from one that does not: the same rules match', async () => {
    const rules = new Set<string>([...Object.values(NOTICED_BY), ...Object.values(NOTICED_BY_WRITING)].filter((rule) => rule !== 'the guard'));
    const report = await stage.verify({ only: rules, write: true });
    expect(resultsOf(report, 'differs')).toEqual([]);
    expect([...rules].filter((rule) => !resultsOf(report, 'match').includes(rule))).toEqual([]);
  });
});
