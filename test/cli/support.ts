/** Runs command lines in this process against a sandbox, in a folder of their own, as a person would. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/main';
import { openRuntime } from '../../src/cli/runtime';
import { startServer } from '../../src/core/adapters/node-server';
import { createVisitor, playPerson, type RunningSandbox, startSandbox, type SandboxOptions, writeSandboxConfig } from '../../src/sandbox/index';
import { freePort } from '../support/processes.mts';

export const MASTER_KEYS = `k1:${Buffer.alloc(32, 9).toString('base64')}`;

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON. */
  readonly json: { readonly [key: string]: unknown };
}

export async function startCliStage(options: SandboxOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'm365-cli-'));
  const sandbox = await startSandbox(options);
  const config = join(folder, 'config.json');
  const port = await freePort();
  writeSandboxConfig(sandbox.ready, config, { publicBaseUrl: `http://localhost:${port}` });
  process.env['M365_ONBOARDING_MASTER_KEYS'] = MASTER_KEYS;

  /** The pages, over the same state file the command line uses, as `serve` hosts them. */
  async function servePages() {
    const runtime = await openRuntime({ config });
    const server = await startServer({
      host: '127.0.0.1',
      port,
      handle: async (request) => {
        await runtime.clock.refresh?.();
        return runtime.installation.onboarding.handle(request);
      },
    });
    return async () => {
      await server.close();
      await runtime.installation.close();
    };
  }

  return {
    folder,
    config,
    sandbox,
    ca: readFileSync(sandbox.ready.caFile, 'utf8'),
    servePages,
    edit: (change: (configuration: Record<string, unknown>) => Record<string, unknown>) => writeFileSync(config, JSON.stringify(change(JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>))),
    cli: (...args: readonly string[]) => runCli(['--json', '--config', config, ...args]),
    text: (...args: readonly string[]) => runCli(['--config', config, ...args]),
    /** Advance the sandbox's clock to the instant a command named, and a little further. */
    waitUntil: (instant: unknown) => sandbox.clock.advance(Math.max(0, (Date.parse(String(instant)) - sandbox.clock.now()) / 1000) + 0.01),
    stop: async () => {
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type CliStage = Awaited<ReturnType<typeof startCliStage>>;

/** `input` is what stands on standard input. */
export async function runCli(args: readonly string[], input = ''): Promise<CliResult> {
  let out = '';
  let err = '';
  const code = await run(args, { out: (text) => void (out += text), err: (text) => void (err += text), input: () => Promise.resolve(input) });
  return { code, out, err, json: parse(out) };
}

export function requireSandboxTenant(sandbox: RunningSandbox, domain: string) {
  const tenant = sandbox.ready.tenants.find((candidate) => candidate.domain === domain);
  if (tenant === undefined) throw new Error(`No tenant ${domain}`);
  return tenant;
}

function parse(text: string): CliResult['json'] {
  try {
    return JSON.parse(text) as CliResult['json'];
  } catch {
    return {};
  }
}

/** The customer's admin walks through the invitation of Contoso, which then owns its tenant. Returns the admin. */
export async function onboardContoso(stage: CliStage) {
  const person = requireSandboxTenant(stage.sandbox, 'contoso.example').users.find(({ roles, notes }) => roles.includes('Global Administrator') && notes === '');
  if (person === undefined) throw new Error('The seed has no ordinary Global Administrator.');
  await stage.cli('account', 'add', 'contoso', '--name', 'Contoso Ltd', '--tenant', 'contoso.example');
  const { json } = await stage.cli('consent', 'open', 'contoso');
  const closePages = await stage.servePages();
  const visitor = createVisitor({ ca: stage.ca });
  let page = await visitor.submit(await visitor.open(String(json['url'])), 'continue');
  for (let step = 0; step < 20 && page.text('admin') === undefined; step += 1) page = await playPerson(visitor, page, person);
  await visitor.submit(page, 'confirm', { accessLevel: 'none' });
  await closePages();
  return person;
}

/** The command line waits by the sandbox's clock, which somebody has to move. */
export async function whileTimePasses<T>(stage: CliStage, stepSeconds: number, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => stage.sandbox.clock.advance(stepSeconds), 20);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
