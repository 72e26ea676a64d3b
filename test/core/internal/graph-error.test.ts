import { describe, expect, it } from 'vitest';
import { graphErrorCode, graphErrorEvidence } from '../../../src/core/internal/graph-error';
import { instantOf } from '../../../src/core/internal/instant';

const requestId = 'aaaaaaaa-1111-4111-8111-111111111111';
const inside = { date: '2026-05-04T10:00:00', 'request-id': requestId, 'client-request-id': 'c-1' };

describe('the evidence in an error of Graph\'s', () => {
  it.each(['innerError', 'innererror', 'InnerError'])('is read from %s, its date as UTC', (name) => {
    expect(graphErrorEvidence({ status: 403, requestId: undefined, body: { error: { code: 'Authorization_RequestDenied', message: 'no', [name]: inside } } })).toEqual({
      serviceCode: 'Authorization_RequestDenied',
      correlationId: requestId,
      details: { status: 403, clientRequestId: 'c-1', answeredAt: '2026-05-04T10:00:00.000Z' },
    });
  });

  it('prefers the header\'s request id, and keeps the more exact codes further inside', () => {
    const body = { error: { code: 'Request_BadRequest', innererror: { code: 'Outer', innerError: { code: 'Inner' } }, details: [{ code: 'NoBackingApplicationObject' }] } };
    expect(graphErrorEvidence({ status: 400, requestId: 'r-1', body }, 'Mon, 04 May 2026 10:00:05 GMT')).toEqual({
      serviceCode: 'Request_BadRequest',
      correlationId: 'r-1',
      details: { status: 400, answeredAt: '2026-05-04T10:00:05.000Z', innerCodes: ['Outer', 'Inner', 'NoBackingApplicationObject'] },
    });
  });

  it.each([undefined, null, '', 'gateway', [], {}, { error: null }, { error: 'x' }, { error: { code: 7 } }, { error: { code: 'two words' } }])('is the status alone where the body is %j', (body) => {
    expect(graphErrorEvidence({ status: 502, requestId: undefined, body })).toEqual({ serviceCode: undefined, correlationId: undefined, details: { status: 502 } });
    expect(graphErrorCode(body)).toBeUndefined();
  });

  it('takes nothing that is longer than a code or an id, and ends with a body that has no end', () => {
    const endless: Record<string, unknown> = { code: 'X' };
    endless['innerError'] = endless;
    expect(graphErrorEvidence({ status: 500, requestId: 'Bearer abc def', body: { error: { code: 'A'.repeat(200), innerError: endless } } })).toEqual({ serviceCode: undefined, correlationId: undefined, details: { status: 500, innerCodes: ['X'] } });
  });
});

describe('an instant of Microsoft\'s', () => {
  it.each([
    ['2026-05-04 10:00:03Z', '2026-05-04T10:00:03.000Z'],
    ['2026-05-04T10:00:03', '2026-05-04T10:00:03.000Z'],
    ['2026-05-04T10:00:03.1234567Z', '2026-05-04T10:00:03.123Z'],
    ['Mon, 04 May 2026 10:00:03 GMT', '2026-05-04T10:00:03.000Z'],
  ])('%s is %s', (written, read) => {
    expect(instantOf(written)).toBe(read);
  });

  it.each([undefined, 7, '', 'soon', 'x'.repeat(100)])('is none in %j', (written) => {
    expect(instantOf(written)).toBeUndefined();
  });
});
