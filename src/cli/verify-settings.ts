/**
 * What `verify-tenant` is pointed at: one real tenant, from M365_VERIFY_… in the environment, or the same questions to a sandbox
 * on this machine. Secrets stay in the environment and in files; nothing of them is printed or written.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Cloud, CLOUD_ENDPOINTS, CLOUDS, OnboardingError } from '../core/index';
import type { ClientCredential, Hosts, VerifySettings } from '../verify-tenant/model';
import { RULE_IDS } from '../verify-tenant/run';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SandboxPlace {
  readonly login: string;
  readonly graph: string;
  readonly caPem: string;
  readonly control: string;
}

const PREFIX = 'M365_VERIFY_';
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;

export function readCloud(environment: Environment, flag: string | undefined): Cloud {
  const text = flag ?? environment[`${PREFIX}CLOUD`] ?? 'global';
  const cloud = CLOUDS.find((known) => known === text);
  if (cloud === undefined) throw invalid('CLOUD', `is one of ${CLOUDS.join(', ')}`);
  return cloud;
}

/** Raises `INPUT_INVALID`, which names the variable. */
export function readVerifySettings(environment: Environment, options: { readonly cloud: Cloud; readonly write: boolean; readonly sandbox: SandboxPlace | undefined; readonly only: readonly string[] }): VerifySettings {
  return {
    hosts: hostsOf(options.cloud, options.sandbox),
    tenantId: required(environment, 'TENANT_ID', GUID, 'is the tenant\'s id, a GUID'),
    domain: required(environment, 'TENANT_DOMAIN', DOMAIN, 'is a verified domain of the tenant'),
    clientId: required(environment, 'CLIENT_ID', GUID, 'is the app\'s client id, a GUID'),
    credential: readCredential(environment),
    write: options.write || environment[`${PREFIX}WRITE`] === '1',
    only: options.only.length === 0 ? undefined : requireRules(options.only),
  };
}

function requireRules(ids: readonly string[]): ReadonlySet<string> {
  const unknown = ids.find((id) => !RULE_IDS.includes(id));
  if (unknown !== undefined) throw new OnboardingError('INPUT_INVALID', `There is no rule ${unknown}.`, { details: { field: 'only' } });
  return new Set(ids);
}

function hostsOf(cloud: Cloud, sandbox: SandboxPlace | undefined): Hosts {
  const { authorityHost, graphHost, graphResource } = CLOUD_ENDPOINTS[cloud];
  return sandbox === undefined ? { login: authorityHost, graph: graphHost, graphResource } : { login: sandbox.login, graph: sandbox.graph, graphResource };
}

function readCredential(environment: Environment): ClientCredential {
  const path = environment[`${PREFIX}CERT_PATH`] ?? '';
  const secret = environment[`${PREFIX}SECRET`] ?? '';
  if ((path === '') === (secret === '')) throw invalid('CERT_PATH', 'or M365_VERIFY_SECRET is needed, and not both');
  return path === '' ? { kind: 'secret', reveal: () => secret } : readCertificate(path);
}

/** A PEM file with the certificate and its unencrypted private key. */
function readCertificate(path: string): ClientCredential {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid('CERT_PATH', 'names a file that cannot be read', error);
  }
  try {
    const certificate = new X509Certificate(pem);
    const privateKey = createPrivateKey(pem);
    if (!certificate.checkPrivateKey(privateKey) || privateKey.asymmetricKeyType !== 'rsa') throw invalid('CERT_PATH', 'names a file whose key is not the RSA key of its certificate');
    return { kind: 'certificate', certificateDer: Buffer.from(certificate.raw), privateKeyPem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
  } catch (error) {
    if (error instanceof OnboardingError) throw error;
    throw invalid('CERT_PATH', 'names no PEM file with a certificate and its unencrypted private key', error);
  }
}

/** The ready file of `sandbox start --ready-file`. Raises `INPUT_INVALID`: also for hosts that are not on this machine. */
export function readSandboxPlace(path: string): SandboxPlace {
  try {
    const { login, graph, caFile, control } = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, string>>;
    const isLocal = [login, graph].every((address) => new URL(String(address)).hostname === 'localhost') && new URL(String(control)).hostname === '127.0.0.1';
    if (!isLocal) throw new Error('not on this machine');
    return { login: String(login), graph: String(graph), caPem: readFileSync(String(caFile), 'utf8'), control: String(control) };
  } catch (error) {
    throw new OnboardingError('INPUT_INVALID', `${path} is no ready file of a sandbox that runs on this machine.`, { cause: error, details: { field: 'sandbox' } });
  }
}

function required(environment: Environment, name: string, form: RegExp, meaning: string): string {
  const value = (environment[`${PREFIX}${name}`] ?? '').trim().toLowerCase();
  if (!form.test(value)) throw invalid(name, meaning);
  return value;
}

function invalid(name: string, meaning: string, cause?: unknown): OnboardingError {
  return new OnboardingError('INPUT_INVALID', `${PREFIX}${name} ${meaning}.`, { details: { field: `${PREFIX}${name}` }, ...(cause === undefined ? {} : { cause }) });
}
