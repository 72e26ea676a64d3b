/**
 * A sandbox with a customer who has consented and an app with a certificate, and a way to run programs of others against it:
 * each in a process of its own that is told where to look by its environment alone, or by its own documented settings.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type CloudName, createVisitor, playPerson, type ReadyApp, type ReadyTenant, type ReadyUser, type RunningSandbox, startSandbox } from '../../src/sandbox/index';

export const HOST = fileURLToPath(new URL('../../e2e/clients', import.meta.url));

export type Way = 'masquerade' | 'own address';
export type NationalCloud = Exclude<CloudName, 'global'>;

export interface Certificate {
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Key and certificate in one. */
  readonly bothFile: string;
  readonly sha1: string;
  readonly sha256: string;
}

export interface Stage {
  readonly sandbox: RunningSandbox;
  readonly folder: string;
  readonly app: ReadyApp;
  readonly contoso: ReadyTenant;
  readonly ada: ReadyUser;
  readonly certificate: Certificate;
  /** What points a program here without changing it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a program of e2e/clients/programs, playing the person at every page it opens. */
  run<Result>(program: string, more?: object): Promise<Result>;
  stop(): Promise<void>;
}

const PROGRAM_TIMEOUT_MS = 90_000;

/** A national cloud is always in masquerade. */
export async function openStage(way: Way | NationalCloud): Promise<Stage> {
  const sandbox = await startSandbox({ masquerade: way === 'masquerade' || (way === 'own address' ? false : way) });
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-clients-'));
  const app = required(sandbox.ready.apps.find(({ key }) => key === 'backup'));
  const contoso = required(sandbox.ready.tenants.find(({ key }) => key === 'contoso'));
  const ada = required(contoso.users.find(({ upn }) => upn.startsWith('ada@')));
  const certificate = makeCertificate(folder);
  const { caFile, proxy, homeTenantId, login, graph } = sandbox.ready;
  const environment = {
    NODE_EXTRA_CA_CERTS: caFile,
    REQUESTS_CA_BUNDLE: caFile,
    NODE_USE_ENV_PROXY: '1',
    // Nothing listens on the discard port: a program that is pointed at localhost reaches that and nobody else.
    ...(proxy === null ? { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'localhost,127.0.0.1' } : { HTTPS_PROXY: proxy }),
  };
  const scope = `${proxy === null ? 'https://graph.microsoft.com' : graph}/.default`;
  const task = { login, graph, scope, isElsewhere: proxy === null, tenantId: contoso.tenantId, homeTenantId, appId: app.appId, objectId: app.objectId, clientSecret: app.clientSecret, certificate };
  const visitor = createVisitor({ ca: readFileSync(caFile, 'utf8'), proxy });
  const person = { upn: ada.signInName, password: ada.password };
  const goThere = async (url: string) => void (await playPerson(visitor, await visitor.open(url), person));
  const stage: Stage = {
    sandbox,
    folder,
    app,
    contoso,
    ada,
    certificate,
    environment,
    run: (program, more = {}) => runProgram(program, { ...task, ...more }, environment, goThere),
    stop: async () => {
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await consent(stage, scope, goThere);
  await stage.run('graph-client.mts', { job: 'register' });
  return stage;
}

/** Made by OpenSSL, so that no code of ours shapes what the clients sign with. */
export function makeCertificate(folder: string): Certificate {
  const [keyFile, certificateFile, bothFile] = ['key.pem', 'certificate.pem', 'both.pem'].map((name) => join(folder, name)) as [string, string, string];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=other people', '-keyout', keyFile, '-out', certificateFile], { stdio: 'pipe' });
  const pem = readFileSync(certificateFile, 'utf8');
  writeFileSync(bothFile, readFileSync(keyFile, 'utf8') + pem, { mode: 0o600 });
  const thumbprint = (hash: string) => createHash(hash).update(new X509Certificate(pem).raw).digest('hex').toUpperCase();
  return { keyFile, certificateFile, bothFile, sha1: thumbprint('sha1'), sha256: thumbprint('sha256') };
}

async function consent({ sandbox, app, contoso }: Stage, scope: string, goThere: (url: string) => Promise<void>): Promise<void> {
  const callback = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(callback, 'listening');
  const query = new URLSearchParams({ client_id: app.appId, redirect_uri: `http://localhost:${(callback.address() as AddressInfo).port}/consent/callback`, scope, state: 'consent' });
  await goThere(`${sandbox.ready.login}/${contoso.tenantId}/v2.0/adminconsent?${query.toString()}`);
  callback.close();
}

interface Line {
  readonly open?: string;
  readonly result?: unknown;
}

async function runProgram<Result>(program: string, task: object, environment: Readonly<Record<string, string>>, goThere: (url: string) => Promise<void>): Promise<Result> {
  const [command, args] = program.endsWith('.py') ? [process.env['CLIENTS_PYTHON'] ?? '', []] : [process.execPath, ['--disable-warning=ExperimentalWarning']];
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment, CLIENT_TASK: JSON.stringify(task) };
  const child = spawn(command, [...args, join(HOST, 'programs', program)], { cwd: HOST, env, timeout: PROGRAM_TIMEOUT_MS });
  const closed = once(child, 'close') as Promise<[number | null]>;
  let complaints = '';
  child.stderr.on('data', (part: Buffer) => (complaints += part.toString()));
  let result: unknown;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line;
    if (line.open !== undefined) await goThere(line.open);
    else ({ result } = line);
  }
  const [status] = await closed;
  if (status !== 0 || result === undefined) throw new Error(`${program} ended with ${status}: ${complaints}`);
  return result as Result;
}

function required<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('The sandbox has not the cast these tests need.');
  return thing;
}
