/**
 * A process that registers one certificate on an app when it is told to, on a state it shares with others. Bundled and started
 * by register-processes.thorough.test.ts. It can be told to kill itself, without a chance to tidy up, when it has sent its PATCH.
 */
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { openStateStore } from '../../src/core/adapters/open-store';
import { readCertificateDer, requireCertificate } from '../../src/core/certificates/records/records';
import { registerCertificate } from '../../src/core/certificates/keys/register';
import { parseConfiguration } from '../../src/core/configuration';
import { isOnboardingError } from '../../src/core/errors';
import { createInstallation } from '../../src/core/installation';
import type { Ports } from '../../src/core/ports';
import { parseKeyRing } from '../../src/core/sealing';

export interface Errand {
  readonly folder: string;
  readonly state: string;
  readonly written: unknown;
  readonly ca: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly masterKeys: string;
  readonly control: string;
  readonly certificateId: string;
  readonly access: { readonly homeTenantId: string; readonly appKey: string; readonly applicationAppId: string; readonly actor: string };
  readonly diesAfterPatch: boolean;
}

async function prepare(errand: Errand): Promise<() => Promise<unknown>> {
  const clock = await followSandboxClock(errand.control);
  const store = await openStateStore(errand.state, { clock, folder: errand.folder });
  const installation = await createInstallation({
    configuration: parseConfiguration(errand.written),
    store,
    clock,
    masterKeys: parseKeyRing(errand.masterKeys),
    ca: errand.ca,
    readFile: (path) => errand.secrets[path] ?? '',
    environment: {},
    deployment: 'host',
  });
  const ports = errand.diesAfterPatch ? dying(installation.ports) : installation.ports;
  return async () => {
    const certificate = { ...(await requireCertificate(ports, errand.certificateId)), der: await readCertificateDer(ports, errand.certificateId) };
    return registerCertificate(ports, { ...errand.access, certificate });
  };
}

function dying(ports: Ports): Ports {
  const send: Ports['graph']['send'] = async (scope, request) => {
    const answer = await ports.graph.send(scope, request);
    if (request.method === 'PATCH') process.kill(process.pid, 'SIGKILL');
    return answer;
  };
  return { ...ports, graph: { ...ports.graph, send } };
}

function say(message: unknown): void {
  process.send?.(message);
}

// The test is over, whatever is still under way here.
process.once('disconnect', () => process.exit());

let act: (() => Promise<unknown>) | undefined;

process.on('message', (message: Errand | 'go') => {
  const obey = async () => {
    if (message === 'go') return say({ registration: await act?.() });
    act = await prepare(message);
    return say('ready');
  };
  obey().catch((error: unknown) => say({ failed: isOnboardingError(error) ? error.code : String(error) }));
});
