/** The lies about what accepting a consent writes, about who may accept one, and about how a sign-in comes back. */
import { isLying, tell } from './truth';

interface Granted {
  readonly type: 'Role' | 'Scope';
}

/** The permissions that accepting really grants. */
export function tellGranted<Row extends Granted>(world: object, flow: 'authorize' | 'adminconsent', rows: readonly Row[]): readonly Row[] {
  if (flow === 'authorize') return rows;
  if (isLying(world, 'L-CONSENT-NOTHING')) return [];
  if (isLying(world, 'L-CONSENT-PARTIAL')) return rows.slice(0, -1);
  return isLying(world, 'L-CONSENT-DELEGATED') ? rows.filter(({ type }) => type === 'Role') : rows;
}

/** Whether this person may consent for everybody. */
export function tellRight<Right extends string>(world: object, right: Right): Right | 'may-consent' {
  if (right === 'may-consent' || isLying(world, 'L-CONSENT-ANYBODY')) return 'may-consent';
  return right === 'needs-higher-admin' && isLying(world, 'L-CONSENT-APP-ADMIN') ? 'may-consent' : right;
}

interface Returned {
  readonly state: string | null;
  readonly responseMode: 'query' | 'form_post';
}

/** The authorization request as its answer repeats it. */
export function tellRequest<Request extends Returned>(world: object, request: Request): Request {
  const stated = tell(world, 'L-AUTHZ-STATE', request, () => ({ ...request, state: request.state?.toUpperCase() ?? null }));
  return tell(world, 'L-AUTHZ-FORM-POST', stated, () => ({ ...stated, responseMode: 'query' as const }));
}
