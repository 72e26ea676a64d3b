/**
 * A host in a network that leads out through a proxy only: an installation from nothing but a configuration and the
 * environment, as every host builds it. Bundled and started by proxy-settings.test.ts; it prints whose tenant it reached.
 */
import { createMemoryStore } from '../../../src/core/adapters/memory-store';
import { createSystemClock } from '../../../src/core/adapters/system-clock';
import { parseConfiguration } from '../../../src/core/configuration';
import { createInstallation } from '../../../src/core/installation';

async function main(): Promise<void> {
  const configuration = parseConfiguration(JSON.parse(process.env['CONFIGURATION'] ?? ''));
  const clock = createSystemClock();
  const installation = await createInstallation({ configuration, clock, store: createMemoryStore({ clock }), readFile: () => '', environment: process.env, deployment: 'process' });
  const scope = { appKey: 'backup', tenantId: configuration.homeTenantId };
  const { claims } = await installation.ports.tokens.acquire({ ...scope, resource: configuration.endpoints.graphResource });
  const { status } = await installation.ports.graph.send(scope, { method: 'GET', path: `/applications(appId='${configuration.apps[0]?.appId}')?$select=id` });
  await installation.close();
  process.stdout.write(JSON.stringify({ tenantId: claims?.tenantId, status }));
}

main().catch((error: unknown) => {
  process.stderr.write(String(error));
  process.exitCode = 1;
});
