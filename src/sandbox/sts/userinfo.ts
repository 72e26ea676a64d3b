/**
 * The UserInfo endpoint, which lives at Microsoft Graph's address: who the access token is for, by the scopes it has.
 * Source: "Microsoft identity platform UserInfo endpoint", OpenID Connect Core 5.3.
 */
import { graphAudiences, verifyAccessToken } from '../access-tokens';
import { notModelled, respond } from '../http';
import { rule } from '../rules';
import type { LoginHandler } from './context';
import { signInSubject } from './id-tokens';
import { misinform } from './relying-party/modes';

export const USERINFO_PATH = '/oidc/userinfo';

export const userinfo: LoginHandler = ({ request, sts, world }) => {
  const bearer = /^Bearer +([^ ]+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const check = verifyAccessToken(world, bearer, graphAudiences(world));
  const refusal = { error: { code: 'InvalidAuthenticationToken', message: 'The access token is missing or not valid.' } };
  if (!check.ok) return respond(rule('OIDC-USERINFO-TOKEN'), 401, refusal, { 'www-authenticate': 'Bearer error="invalid_token"' });
  const { tid, oid, appid, scp = '' } = check.claims;
  const scopes = scp.split(' ');
  const tenant = world.tenants.get(tid);
  const user = tenant?.users.get(oid, world.now());
  if (tenant === undefined || user === undefined || !scopes.includes('openid')) return notModelled('UserInfo without a person and the scope openid');
  const members = {
    sub: signInSubject(tid, appid, oid),
    ...(scopes.includes('profile') ? { name: user.displayName, picture: `${world.origins.graph}/v1.0/me/photo/$value` } : {}),
    ...(scopes.includes('email') && user.mail !== null ? { email: user.mail } : {}),
  };
  return misinform(sts.relyingParty, appid, respond(rule('OIDC-USERINFO'), 200, members), members);
};
