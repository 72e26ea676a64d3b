import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Cloud, createHttpsClient, type HttpsClientOptions, readProxySettings } from '../../core/index';
import type { VerifyPorts } from '../../verify-tenant/model';
import { describeReport } from '../../verify-tenant/report';
import { verifyTenant, type VerifyReport } from '../../verify-tenant/run';
import { writeNewFile } from '../files';
import { EXIT, type Output } from '../output';
import { followSandboxClock } from '../sandbox-clock';
import { readCloud, readSandboxPlace, readVerifySettings, type SandboxPlace } from '../verify-settings';
import { type CommandContext, runPlain } from './context';

interface VerifyFlags {
  readonly write?: boolean;
  readonly out?: string;
  readonly sandbox?: string;
  readonly only?: readonly string[];
}

const TIMEOUT_MS = 60_000;

export function addVerifyTenantCommand(program: Command, context: CommandContext): void {
  program
    .command('verify-tenant')
    .option('--write', 'also make, change and remove an app registration named zz-verify-…; M365_VERIFY_WRITE=1 does the same')
    .option('--out <file>', 'write tenant-facts.json here; it names nobody')
    .option('--only <rule id>', 'look into this rule alone; may be repeated', (id: string, ids: readonly string[] | undefined) => [...(ids ?? []), id])
    .option('--sandbox <ready file>', 'ask a sandbox on this machine instead')
    .description('compare what the sandbox takes for true with a real tenant (docs/sandbox.md); read-only unless told to write')
    .addHelpText('after', '\nFrom the environment: M365_VERIFY_TENANT_ID, _TENANT_DOMAIN, _CLIENT_ID, _CERT_PATH or _SECRET, _CLOUD, _WRITE=1.')
    .action(async (flags: VerifyFlags, command: Command) => {
      await runPlain(context, command, async (output, globals, signal) => {
        const cloud = readCloud(process.env, globals.cloud);
        const sandbox = flags.sandbox === undefined ? undefined : readSandboxPlace(resolve(flags.sandbox));
        const settings = readVerifySettings(process.env, { cloud, write: flags.write === true, sandbox, only: flags.only ?? [] });
        const work = async () => withPorts(output, sandbox, async (ports) => verifyTenant(ports, settings, signal));
        const report = flags.out === undefined ? await work() : await writeFacts(resolve(flags.out), cloud, work);
        const { exchanges: _, ...shown } = report;
        output.result({ cloud, ...shown }, () => describeReport(report));
        return report.remaining.length > 0 || report.rules.some(({ result }) => result === 'differs') ? EXIT.attention : EXIT.done;
      });
    });
}

async function writeFacts(path: string, cloud: Cloud, work: () => Promise<VerifyReport>): Promise<VerifyReport> {
  const { report } = await writeNewFile(path, async () => {
    const made = await work();
    return { report: made, bytes: Buffer.from(`${JSON.stringify({ version: 1, cloud, ...made }, undefined, 2)}\n`) };
  });
  return report;
}

function wayOut(): Pick<HttpsClientOptions, 'proxyEnv'> {
  const proxyEnv = readProxySettings(process.env);
  return proxyEnv === undefined ? {} : { proxyEnv };
}

async function withPorts<T>(output: Output, sandbox: SandboxPlace | undefined, use: (ports: VerifyPorts) => Promise<T>): Promise<T> {
  const https = createHttpsClient({ userAgent: 'm365-onboarding-verify-tenant', timeoutMs: TIMEOUT_MS, ...(sandbox === undefined ? wayOut() : { ca: sandbox.caPem }) });
  const clock = sandbox === undefined ? { now: () => Date.now() } : await followSandboxClock(sandbox.control);
  const wait: VerifyPorts['wait'] = async (milliseconds, signal) => {
    await sleep(milliseconds, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  };
  try {
    return await use({ https, now: () => clock.now(), randomBytes: (size) => randomBytes(size), wait, say: (message) => output.say(message) });
  } finally {
    https.close();
  }
}
