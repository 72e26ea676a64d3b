/**
 * The sandbox's Microsoft Graph: one function from a request to an answer. It refuses what the service refuses,
 * says 501 for what it does not model, and never guesses. Reads are served as of the world's replicas, writes at
 * its present. Sources are named per rule in rules.json.
 */
import { randomUUID } from 'node:crypto';
import { notModelled, type SandboxRequest, type SandboxResponse } from '../http';
import type { World } from '../model';
import { answerBatch } from './batch';
import { identify } from './caller';
import { dispatch, guarded, type Ids, type Line, type Outcome } from './dispatch';
import { GraphRefusal } from './refusal';
import { rule } from './rules';
import { isGuid } from './ids';
import { variantsOf } from './variants';
import { responseOf } from './wire';
import { tellHeaders } from '../lies/graph';
import { isLying } from '../lies/truth';

export { graphRules } from './rules';
export { DEFAULT_GRAPH_VARIANTS, problemWithVariants, setGraphVariants, variantsOf as graphVariantsOf, type GraphVariants } from './variants';

/** Answer a request for `/v1.0/…` or `/beta/…`. */
export function handleGraph(world: World, request: SandboxRequest): Promise<SandboxResponse> {
  return Promise.resolve(handle(world, request));
}

function handle(world: World, request: SandboxRequest): SandboxResponse {
  const [, version = '', rest = ''] = /^\/([^/]*)(\/.*)?$/.exec(request.path) ?? [];
  if (version.toLowerCase() === 'beta') return notModelled(`${request.method} ${request.path} (beta)`);
  const ids = identifyRequest(world, request);
  if (version.toLowerCase() !== 'v1.0') return tellHeaders(world, responseOf(invalidVersion(version, ids), ids));
  let trace: SandboxResponse['trace'] = {};
  const outcome = guarded(ids, () => {
    const caller = identify(world, request);
    trace = { appId: caller.appId, tenantId: caller.tenant.tenantId };
    const line = readLine(request, rest === '' ? '/' : rest);
    return isBatch(line) ? answerBatch(world, caller, line.body, ids) : dispatch(world, caller, line, ids);
  });
  const items = outcome.itemRules?.map(({ id, grade }) => `${id};grade=${grade}`);
  const told = { ...(outcome.operation === undefined ? {} : { operation: outcome.operation }), ...(items === undefined ? {} : { itemRules: items }) };
  return { ...tellHeaders(world, responseOf(outcome, ids)), trace: { ...trace, ...told } };
}

function readLine(request: SandboxRequest, path: string): Line {
  return {
    method: request.method,
    path,
    query: request.query,
    header: (name) => request.headers[name],
    body: { contentType: request.headers['content-type'], bytes: request.body },
  };
}

function isBatch(line: Line): boolean {
  return line.method === 'POST' && line.path.toLowerCase() === '/$batch';
}

// The client's id is echoed when it is a GUID; without one the service repeats its own (recorded).
function identifyRequest(world: World, request: SandboxRequest): Ids {
  const requestId = randomUUID();
  const sent = request.headers['client-request-id'];
  return { requestId, clientRequestId: sent !== undefined && isGuid(sent) && !isLying(world, 'L-CLIENT-REQUEST-ID') ? sent : requestId, nowMs: world.now(), innerErrorName: variantsOf(world).innerErrorName };
}

function invalidVersion(version: string, ids: Ids): Outcome {
  return guarded(ids, () => {
    throw new GraphRefusal(rule('G-ERR-VERSION'), 400, 'BadRequest', `Invalid version: ${version}`);
  });
}
