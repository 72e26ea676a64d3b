/**
 * The one file of the nodes that looks at the process they run in: which folder state files may be in, what only the
 * person who runs this n8n may allow, and the place that all nodes of the process share.
 */

export interface HostEnvironment {
  /** State files stay inside it. Absolute. */
  readonly stateFolder: string;
  /** Endpoints of the sandbox may be used. A credential alone can never allow that. */
  readonly allowsSandbox: boolean;
  /** Other processes, perhaps on other machines, run parts of the same workflows. */
  readonly isQueueMode: boolean;
  /** `HTTPS_PROXY` and `NO_PROXY` as far as they are set, the way out that this host's network prescribes. */
  readonly proxy: Readonly<Record<string, string | undefined>>;
}

const STATE_FOLDER_VARIABLE = 'M365_ONBOARDING_STATE_FOLDER';
const ALLOW_SANDBOX_VARIABLE = 'M365_ONBOARDING_ALLOW_SANDBOX';
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'] as const;

export function readEnvironment(): HostEnvironment {
  const { env } = process;
  return {
    stateFolder: env[STATE_FOLDER_VARIABLE] ?? `${env['N8N_USER_FOLDER'] ?? env['HOME'] ?? env['USERPROFILE'] ?? '.'}/.n8n/m365-onboarding`,
    allowsSandbox: env[ALLOW_SANDBOX_VARIABLE] === 'true',
    isQueueMode: env['EXECUTIONS_MODE'] === 'queue',
    proxy: Object.fromEntries(PROXY_VARIABLES.map((name) => [name, env[name]])),
  };
}

const SLOT = Symbol.for('n8n-nodes-m365-onboarding.process-wide');

/**
 * One value per process and owner. Every node is a bundle of its own with its own copy of this file; the owner is
 * something they all share, so that a package that was updated in the running process starts with values of its own.
 */
export function processWide<T extends object>(owner: object, make: () => T): T {
  const holder = globalThis as { [SLOT]?: WeakMap<object, object> };
  const values = (holder[SLOT] ??= new WeakMap());
  const known = values.get(owner) as T | undefined;
  if (known !== undefined) return known;
  const made = make();
  values.set(owner, made);
  return made;
}
