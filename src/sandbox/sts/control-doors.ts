/** The sign-in host's own doors: relying-party cases and the roll-over of the signing keys. */
import { ControlRefusal, type ControlAnswer, type ControlRoutes } from '../control';
import type { JsonObject } from '../jwt';
import { rollOver, ROLL_OVER_STEPS } from '../signing-key-roll-over';
import type { StsState } from './context';
import { RELYING_PARTY_CASES } from './relying-party/modes';

export function signInDoors(sts: StsState): ControlRoutes {
  return {
    'GET /relying-party': () => ok({ inForce: sts.relyingParty.describe(), items: listCases(), next: null }),
    'POST /relying-party': (body) => setCase(sts, body),
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
