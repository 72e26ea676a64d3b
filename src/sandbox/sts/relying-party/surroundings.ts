/** What a wrong ID token is made from: this redemption, and another app and tenant of the same directory. */
import type { Application, Tenant } from '../../model';
import { rollOver } from '../../signing-key-roll-over';
import type { SigningKey } from '../../signing-keys';
import type { Exchange } from '../context';
import type { Surroundings } from './model';

const NOBODY = '5a9db0c5-0000-4000-8000-0000000000fe';

export interface Redemption {
  readonly application: Application;
  readonly tenant: Tenant;
  readonly accessToken: string;
  readonly code: string;
}

export function surroundingsOf({ sts, world }: Exchange, { application, tenant, accessToken, code }: Redemption): Surroundings {
  const { current, published } = world.signingKeys;
  const apps = world.tenants.get(world.homeTenantId)?.applications.list(world.now()) ?? [];
  return {
    loginOrigin: world.origins.login,
    appId: application.appId,
    clientSecret: application.passwordCredentials[0]?.secretText ?? '',
    tenantId: tenant.tenantId,
    otherAppId: apps.find(({ appId }) => appId !== application.appId)?.appId ?? NOBODY,
    otherTenantId: [...world.tenants.keys()].find((id) => id !== tenant.tenantId && id !== world.homeTenantId) ?? NOBODY,
    accessToken,
    code,
    consumer: published.find(({ audience }) => audience === 'consumer') ?? current,
    rollOver: (): SigningKey => {
      sts.world.setSigningKeys(rollOver(world.signingKeys, 'complete', Date.now()));
      return world.signingKeys.current;
    },
  };
}
