// The credentials of the Azure SDKs: an app by secret and by certificate file, a person by code, and their refusals.
import { AuthorizationCodeCredential, ClientCertificateCredential, ClientSecretCredential } from '@azure/identity';
import { claimsOf, openCallback, outlineOf, readTask, refusalOf, report } from './program.mts';

const { appId, clientSecret, tenantId, certificate, login, scope, isElsewhere } = readTask();
const options = isElsewhere ? { authorityHost: login, disableInstanceDiscovery: true } : login === 'https://login.microsoftonline.com' ? {} : { authorityHost: login };
const told = ({ message }: Error) => /AADSTS\d+/.exec(message)?.[0] ?? message;

const secret = await new ClientSecretCredential(tenantId, appId, clientSecret, options).getToken(scope);
const byFile = await new ClientCertificateCredential(tenantId, appId, { certificatePath: certificate.bothFile }, options).getToken(scope);
const wrongSecret = await refusalOf(new ClientSecretCredential(tenantId, appId, 'not-the-secret', options).getToken(scope), told);
const otherResource = await refusalOf(new ClientSecretCredential(tenantId, appId, clientSecret, options).getToken('https://nobody.example/.default'), told);

const callback = await openCallback();
const ask = new URLSearchParams({ client_id: appId, response_type: 'code', redirect_uri: callback.redirectUri, scope: 'openid User.Read', state: 'state-of-identity' });
const back = await callback.visit(`${login}/${tenantId}/oauth2/v2.0/authorize?${ask}`);
const person = await new AuthorizationCodeCredential(tenantId, appId, clientSecret, back.searchParams.get('code') ?? '', callback.redirectUri, options).getToken(`${new URL(scope).origin}/User.Read`);
callback.close();

report({ tokens: { secret: outlineOf(secret.token), certificate: outlineOf(byFile.token) }, refusals: { wrongSecret, otherResource }, person: { scopes: claimsOf(person.token)['scp'] } });
