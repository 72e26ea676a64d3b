/** The sign-in host's own doors: relying-party cases, roll-over of the signing keys, refusals asked for, requests for consent. */
import { ControlRefusal, type ControlAnswer, type ControlRoutes } from '../control';
import { isJsonObject, type JsonObject } from '../jwt';
import { rollOver, ROLL_OVER_STEPS } from '../signing-key-roll-over';
import type { StsState } from './context';
import { PROVOKABLE_CODES, type ProvokedAt } from './provocations';
import { RELYING_PARTY_CASES } from './relying-party/modes';
import { problemWithStsVariants, type StsVariants } from './variants';

export function signInDoors(sts: StsState): ControlRoutes {
  return {
    'GET /relying-party': () => ok({ inForce: sts.relyingParty.describe(), items: listCases(), next: null }),
    'POST /relying-party': (body) => setCase(sts, body),
    'GET /provocations': () => ok({ items: sts.provocations.list(), codes: PROVOKABLE_CODES, next: null }),
    'POST /provocations': (body) => provoke(sts, body),
    'GET /consent-requests': () => ok({ items: sts.consentRequests, next: null }),
    'GET /signing-keys': () => ok(describeKeys(sts)),
    'POST /signing-keys': (body) => roll(sts, body),
  };
}

function ok(body: unknown): ControlAnswer {
  return { status: 200, body };
}

function listCases() {
  return Object.entries(RELYING_PARTY_CASES).map(([id, { statement, outcome }]) => ({ id, statement, outcome }));
}

function setCase(sts: StsState, body: JsonObject): ControlAnswer {
  const { case: id, appId } = body;
  if (id !== null && typeof id !== 'string') throw new ControlRefusal('Give case: an id of GET /relying-party, or null.');
  if (appId !== undefined && typeof appId !== 'string') throw new ControlRefusal('appId is the id of one app.');
  sts.relyingParty.set(id, appId);
  return ok({ inForce: sts.relyingParty.describe() });
}

function provoke(sts: StsState, body: JsonObject): ControlAnswer {
  const { code, times, clear } = body;
  if (clear === true) sts.provocations.clear();
  else {
    if (typeof code !== 'number') throw new ControlRefusal('Give code, a number of GET /provocations, or clear: true.');
    if (times !== undefined && typeof times !== 'number') throw new ControlRefusal('times is a number.');
    const [tenantId, appId, person] = [text(body, 'tenantId'), text(body, 'appId'), text(body, 'person')];
    sts.provocations.add({ code, tenantId, appId, person, times, at: step(text(body, 'at')) });
  }
  return ok({ items: sts.provocations.list(), next: null });
}

function step(at: string | undefined): ProvokedAt | undefined {
  if (at === undefined || at === 'sign-in' || at === 'consent' || at === 'token') return at;
  throw new ControlRefusal('at is sign-in, consent or token.');
}

function text(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new ControlRefusal(`${name} is a text.`);
}

/** For `POST /variants`: the sign-in host's own contradictions. Raises ControlRefusal. */
export function checkStsVariants(value: unknown): Partial<StsVariants> {
  if (!isJsonObject(value)) throw new ControlRefusal('sts must be an object.');
  const problem = problemWithStsVariants(value);
  if (problem !== undefined) throw new ControlRefusal(`${problem}.`);
  return value;
}

function roll(sts: StsState, body: JsonObject): ControlAnswer {
  const step = ROLL_OVER_STEPS.find((known) => known === body.step);
  if (step === undefined) throw new ControlRefusal(`step is one of ${ROLL_OVER_STEPS.join(', ')}.`);
  sts.world.setSigningKeys(rollOver(sts.world.signingKeys, step, Date.now()));
  return ok(describeKeys(sts));
}

function describeKeys({ world }: StsState) {
  const { current, published, retired = [] } = world.signingKeys;
  const kids = (keys: readonly { readonly kid: string }[]) => keys.map(({ kid }) => kid);
  return { current: current.kid, published: kids(published), retired: kids(retired) };
}
