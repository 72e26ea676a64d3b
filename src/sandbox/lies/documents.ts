/**
 * The lies told in the public documents: in members of the OpenID configuration and of the published keys.
 */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../jwt';
import type { World } from '../model';
import { isLying, tell } from './truth';

export function tellConfiguration<Document extends { readonly jwks_uri: string }>({ world }: { readonly world: Pick<World, 'origins'> }, document: Document): Document {
  return {
    ...document,
    jwks_uri: tell(world, 'L-DISC-KEYS-ELSEWHERE', document.jwks_uri, () => `${world.origins.login}/common/discovery/v2.0/keys`),
    ...(isLying(world, 'L-DISC-ISS-PARAMETER') ? { authorization_response_iss_parameter_supported: true } : {}),
    ...(isLying(world, 'L-DISC-ALGORITHMS') ? { id_token_signing_alg_values_supported: ['RS256', 'HS256'] } : {}),
  };
}

export function tellKeys(world: object, keys: readonly JsonObject[]): readonly JsonObject[] {
  const [first, second] = keys;
  const swapped = tell(world, 'L-KEYS-SWAPPED', keys, () => keys.map((key, index) => (index === 0 ? { ...key, n: second?.n } : key)));
  const scoped = tell(world, 'L-KEYS-CONSUMER-SCOPE', swapped, (all) => all.map((key) => ({ ...key, issuer: first?.issuer })));
  const named = tell(world, 'L-KEYS-THUMBPRINT', scoped, (all) => all.map((key) => ({ ...key, x5t: sha256Of(key) })));
  return tell(world, 'L-KEYS-NO-ISSUER', named, (all) => all.map((key) => ({ ...key, issuer: undefined })));
}

function sha256Of({ x5c }: JsonObject): string {
  const [der] = Array.isArray(x5c) ? x5c : [];
  return createHash('sha256').update(Buffer.from(String(der), 'base64')).digest('base64url');
}
