/**
 * A process that registers one certificate on an app when it is told to, on a state it shares with others. Bundled and started
 * by register-processes.thorough.test.ts. It can be told to kill itself, without a chance to tidy up, when it has sent its PATCH.
 */
import { followSandboxClock } from '../../src/cli/sandbox-clock';
import { readCertificateDer, requireCertificate } from '../../src/core/certificates/records/records';
import { registerCertificate } from '../../src/core/certificates/keys/register';
import type { Ports } from '../../src/core/ports';
import { type Errand, openChildInstallation, runErrands } from './child-side';

export interface RegisterErrand extends Errand {
  readonly certificateId: string;
  readonly access: { readonly homeTenantId: string; readonly appKey: string; readonly applicationAppId: string; readonly actor: string };
  readonly diesAfterPatch: boolean;
}

runErrands(async (errand: RegisterErrand) => {
  const installation = await openChildInstallation(errand, { clock: await followSandboxClock(errand.control) });
  const ports = errand.diesAfterPatch ? dying(installation.ports) : installation.ports;
  return async () => {
    const certificate = { ...(await requireCertificate(ports, errand.certificateId)), der: await readCertificateDer(ports, errand.certificateId) };
    return registerCertificate(ports, { ...errand.access, certificate });
  };
});

function dying(ports: Ports): Ports {
  const send: Ports['graph']['send'] = async (scope, request) => {
    const answer = await ports.graph.send(scope, request);
    if (request.method === 'PATCH') process.kill(process.pid, 'SIGKILL');
    return answer;
  };
  return { ...ports, graph: { ...ports.graph, send } };
}
