/**
 * From the two credentials to the core's configuration. What a person wrote is checked by the core; here it is only put
 * together. An app's key comes from the store or from the credential itself: a path or a variable of the host that is
 * named in a credential is refused, since whoever may edit credentials may not read the host. No message repeats a secret.
 */
import { type Configuration, type KeyRing, OnboardingError, parseConfiguration, parseKeyRing } from '../../core/index';
import type { HostEnvironment } from './environment';

/** Fields of the credential type M365 Partner App. */
export interface PartnerAppData {
  readonly homeTenantId?: unknown;
  readonly cloud?: unknown;
  readonly apps?: unknown;
  readonly appSecrets?: unknown;
  readonly useSandbox?: unknown;
  readonly sandboxAuthorityHost?: unknown;
  readonly sandboxGraphBaseUrl?: unknown;
  readonly sandboxCa?: unknown;
}

/** Fields of the credential type M365 Onboarding State. */
export interface StateData {
  readonly stateUrl?: unknown;
  readonly masterKeys?: unknown;
  readonly operators?: unknown;
  readonly operatorId?: unknown;
  readonly partnerName?: unknown;
  readonly publicBaseUrl?: unknown;
  readonly settingsUrl?: unknown;
  readonly portal?: unknown;
  readonly adminChoice?: unknown;
  /** The configuration's `admins`. */
  readonly admins?: unknown;
  /** The configuration's `certificates`. */
  readonly lifecycle?: unknown;
}

export interface HostSettings {
  readonly configuration: Configuration;
  /** Undefined when the field is empty. */
  readonly masterKeys: KeyRing | undefined;
  /** Holds a password when it is a database's. */
  readonly stateUrl: string;
  readonly ca: string | undefined;
  /** Secrets of the apps, by the names the configuration gives them; empty for every other name. */
  readonly readFile: (path: string) => string | Uint8Array;
}

/** Raises `CONFIG_INVALID` naming the field, `MASTER_KEY_INVALID`. */
export function readSettings(partner: PartnerAppData, state: StateData, environment: HostEnvironment): HostSettings {
  const secrets: Secrets = new Map();
  const apps = readApps(partner, secrets);
  const sandbox = readSandbox(partner, environment);
  const configuration = parseConfiguration({
    cloud: text(partner.cloud) || 'global',
    homeTenantId: text(partner.homeTenantId),
    apps,
    ...(sandbox === undefined ? {} : { sandbox }),
    ...readOwnSide(state),
  });
  return {
    configuration,
    masterKeys: text(state.masterKeys) === '' ? undefined : parseKeyRing(text(state.masterKeys)),
    stateUrl: text(state.stateUrl),
    ca: sandbox === undefined ? undefined : text(partner.sandboxCa) || undefined,
    readFile: (path) => secrets.get(path) ?? '',
  };
}

function readOwnSide(state: StateData) {
  const optional = { partnerName: text(state.partnerName), settingsUrl: text(state.settingsUrl), adminChoice: text(state.adminChoice), operator: text(state.operatorId) };
  const portal = json('portal', state.portal);
  const certificates = json('lifecycle', state.lifecycle);
  const admins = json('admins', state.admins);
  return {
    publicBaseUrl: text(state.publicBaseUrl),
    operators: json('operators', state.operators) ?? [],
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== '')),
    ...(isRecord(portal) && Object.keys(portal).length > 0 ? { portal } : {}),
    ...(certificates === undefined ? {} : { certificates }),
    ...(admins === undefined ? {} : { admins }),
  };
}

/** What an onboarding rests on must be sealed and outlive the process. Raises `MASTER_KEY_MISSING`, `CONFIG_INVALID`. */
export function requireLastingState({ masterKeys, stateUrl }: HostSettings, environment: HostEnvironment): void {
  if (masterKeys === undefined) throw new OnboardingError('MASTER_KEY_MISSING', 'The credential M365 Onboarding State holds no master keys.', { details: { field: 'masterKeys' } });
  if (/^memory:/i.test(stateUrl) && !environment.allowsSandbox) throw invalid('stateUrl', 'a state in memory is lost with every restart; use sqlite:PATH or postgres://…');
}

type Secrets = Map<string, string | Uint8Array>;

function readApps(partner: PartnerAppData, secrets: Secrets): unknown {
  const apps = json('apps', partner.apps);
  const kept = json('appSecrets', partner.appSecrets) ?? {};
  if (!Array.isArray(apps)) throw invalid('apps', 'must be a list');
  return apps.map((app: unknown) => (isRecord(app) ? { ...app, credential: readCredential(app, isRecord(kept) ? kept : {}, secrets) } : app));
}

/** `{certificateId}` as it is; `{from}` becomes a name under which only this installation finds the secret. */
function readCredential(app: Readonly<Record<string, unknown>>, kept: Readonly<Record<string, unknown>>, secrets: Secrets): unknown {
  const key = text(app['key']);
  const credential = isRecord(app['credential']) ? app['credential'] : {};
  const { certificateId, from } = credential;
  if (typeof certificateId === 'string') return { certificateId };
  if (from !== 'pfx' && from !== 'pem' && from !== 'secret') throw invalid('apps', `the app "${key}": "credential" is {"certificateId": "…"}, {"from": "pfx"}, {"from": "pem"} or {"from": "secret"}`);
  const own = Object.hasOwn(kept, key) ? kept[key] : undefined;
  const value = isRecord(own) ? own[from] : undefined;
  if (!isRecord(own) || typeof value !== 'string' || value === '') throw invalid('appSecrets', `the app "${key}" has no entry with "${from}"`);
  const name = `App Secrets/${key}`;
  if (from === 'pfx') return keepPfx(name, key, { pfx: value, password: own['password'] }, secrets);
  secrets.set(name, value);
  return from === 'pem' ? { pemFile: name } : { secretFile: name };
}

/** A PFX without "password" has none; an empty one is an empty password. */
function keepPfx(name: string, key: string, { pfx, password }: { readonly pfx: string; readonly password: unknown }, secrets: Secrets): unknown {
  const compact = pfx.replaceAll(/\s/g, '');
  const bytes = Buffer.from(compact, 'base64');
  if (bytes.toString('base64') !== compact) throw invalid('appSecrets', `the app "${key}": "pfx" is not base64`);
  if (password !== undefined && typeof password !== 'string') throw invalid('appSecrets', `the app "${key}": "password" is not text`);
  secrets.set(name, bytes);
  if (password === undefined) return { pfxFile: name };
  // An end of line at the end of a file does not belong to its password; whatever is at the end of this one does.
  secrets.set(`${name}/password`, `${password}\n`);
  return { pfxFile: name, pfxPasswordFile: `${name}/password` };
}

function readSandbox(partner: PartnerAppData, environment: HostEnvironment) {
  if (partner.useSandbox !== true) return undefined;
  if (!environment.allowsSandbox) throw invalid('useSandbox', 'the person who runs this n8n has not allowed the sandbox (M365_ONBOARDING_ALLOW_SANDBOX=true)');
  return { authorityHost: text(partner.sandboxAuthorityHost), graphBaseUrl: text(partner.sandboxGraphBaseUrl) };
}

/** A field that holds JSON; n8n hands it over as text or already read. Undefined when it is empty. */
function json(field: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    // The parser's message quotes the text, which may be a secret.
    throw invalid(field, 'is not JSON');
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function invalid(field: string, problem: string): OnboardingError {
  return new OnboardingError('CONFIG_INVALID', `${field}: ${problem}`, { details: { field } });
}
