import type { Command } from 'commander';
import { type CustomerAppView, OnboardingError, parsePermissions, type RegisterCustomerAppInput, type RemovedCustomerApp, type Secret, type WantedPermission } from '../../core/index';
import { EXIT, instant, table } from '../output';
import type { Runtime } from '../runtime';
import { type CommandContext, readTokenFromStdin, runAction } from './context';

interface TokenFlags {
  readonly tokenStdin?: boolean;
}

interface MakeFlags extends TokenFlags {
  readonly key: string;
  readonly permissions?: string;
  readonly permissionsFile?: string;
  readonly name?: string;
  readonly appId?: string;
  readonly keyBits: number;
  readonly lifetimeDays?: number;
}

interface RemoveFlags extends TokenFlags {
  readonly key: string;
  readonly purge?: boolean;
  readonly keyOnly?: boolean;
}

const TOKEN = 'read an access token of the customer\'s admin for Microsoft Graph from standard input; it is kept nowhere';

export function addCustomerAppCommands(program: Command, context: CommandContext): void {
  const group = program.command('customer-app').description('apps of the customers\' own tenants, with certificates from here');
  addMakeCommand(group.command('register'), context)
    .option('--name <name>', 'shown in the customer\'s tenant; default: your name and the key')
    .description('register a new app in the account\'s tenant, or go on with it where the last call stopped');
  addMakeCommand(group.command('adopt'), context).requiredOption('--app-id <id>', 'application (client) id of an app registration the tenant owns').description('the same for an app registration that is there');
  group
    .command('list')
    .argument('[account]')
    .description('the customer apps of an account, or of all')
    .action(async (accountId: string | undefined, _flags: unknown, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output) => {
        const items = await installation.customerApps.list(operatorId(), accountId);
        output.result({ items, next: null }, () => table(['account', 'key', 'state', 'next', 'app id', 'tenant'], items.map((app) => [app.accountId, app.key, app.state, app.step ?? '-', app.appId ?? '-', app.tenantId])));
        return EXIT.done;
      });
    });
  group
    .command('show')
    .argument('<account>')
    .requiredOption('--key <key>')
    .description('one customer app')
    .action(async (accountId: string, flags: { readonly key: string }, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output) => {
        const app = await installation.customerApps.show(accountId, flags.key, operatorId());
        output.result(app, () => describe(app));
        return EXIT.done;
      });
    });
  addRemoveCommand(group.command('remove'), context);
}

function addMakeCommand(command: Command, context: CommandContext): Command {
  return command
    .argument('<account>')
    .requiredOption('--key <key>', 'your name for it among the account\'s apps: lower-case letters, digits, hyphens')
    .option('--permissions <app>', 'the same permissions as this app of the configuration')
    .option('--permissions-file <file>', 'JSON, a list as requiredPermissions in the configuration')
    .option('--key-bits <bits>', '2048, 3072 or 4096', Number, 3072)
    .option('--lifetime-days <days>', 'of the certificate; default 365', Number)
    .option('--token-stdin', TOKEN)
    .action(async (accountId: string, flags: MakeFlags, made: Command) => {
      await runAction(context, made, async (runtime, output, signal) => {
        const app = await make(runtime, accountId, flags, await readToken(context, flags), signal);
        for (const { message } of app.reasons) output.say(message);
        output.result(app, () => describe(app));
        return app.state === 'active' ? EXIT.done : EXIT.waiting;
      });
    });
}

function addRemoveCommand(command: Command, context: CommandContext): void {
  command
    .argument('<account>')
    .requiredOption('--key <key>')
    .option('--purge', 'also out of the tenant\'s recycle bin: nobody can restore it')
    .option('--key-only', 'of an adopted app: take our key off it, and leave it otherwise as it is')
    .option('--token-stdin', TOKEN)
    .description('delete what was registered in the tenant, with evidence; then our record of it')
    .action(async (accountId: string, flags: RemoveFlags, own: Command) => {
      await runAction(context, own, async ({ installation, operatorId }, output, signal) => {
        const { key, purge, keyOnly } = flags;
        const removed = await installation.customerApps.remove({ accountId, key, purge, keyOnly, adminToken: await readToken(context, flags), operatorId: operatorId(), signal });
        output.result(removed, () => describeRemoved(removed));
        return EXIT.done;
      });
    });
}

async function make({ installation, operatorId, configuration, readFile }: Runtime, accountId: string, flags: MakeFlags, adminToken: Secret | undefined, signal: AbortSignal): Promise<CustomerAppView> {
  const { key, name, appId, keyBits, lifetimeDays } = flags;
  if (keyBits !== 2048 && keyBits !== 3072 && keyBits !== 4096) throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'The key has 2048, 3072 or 4096 bits.', { details: { field: 'keyBits' } });
  const permissions = readPermissions(configuration, readFile, flags);
  const input: Omit<RegisterCustomerAppInput, 'displayName'> = { accountId, key, permissions, adminToken, keyBits, lifetimeDays, operatorId: operatorId(), signal };
  return appId === undefined ? installation.customerApps.register({ ...input, displayName: name }) : installation.customerApps.adopt({ ...input, appId });
}

/** Undefined: as they were when the app was begun. */
function readPermissions(configuration: Runtime['configuration'], readFile: Runtime['readFile'], { permissions, permissionsFile }: MakeFlags): readonly WantedPermission[] | undefined {
  if (permissions !== undefined && permissionsFile !== undefined) throw new OnboardingError('INPUT_INVALID', 'Give --permissions or --permissions-file, not both.', { details: { field: 'permissions' } });
  if (permissionsFile !== undefined) return parsePermissions(parseJson(readFile(permissionsFile))).map(wanted);
  if (permissions === undefined) return undefined;
  const app = configuration.apps.find((candidate) => candidate.key === permissions);
  if (app === undefined) throw new OnboardingError('APP_UNKNOWN', `No app is declared with the key "${permissions.slice(0, 32)}".`);
  return app.requiredPermissions.map(wanted);
}

function wanted({ resourceAppId, type, name, id }: ReturnType<typeof parsePermissions>[number]): WantedPermission {
  return { resourceAppId, type, name, id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new OnboardingError('CONFIG_INVALID', 'The file with the permissions is not JSON.', { cause: error, details: { field: 'permissions' } });
  }
}

async function readToken(context: CommandContext, { tokenStdin }: TokenFlags): Promise<Secret | undefined> {
  return tokenStdin === true ? readTokenFromStdin(context) : undefined;
}

function describe(app: CustomerAppView): string {
  return [
    `customer app   ${app.accountId} / ${app.key}  ${app.displayName}`,
    `state          ${app.state}${app.step === null ? '' : `, next: ${app.step.replaceAll('_', ' ')}`}`,
    ...app.reasons.map(({ code, message }) => `               ${message} (${code})`),
    `tenant         ${app.tenantId}`,
    `app id         ${app.appId ?? '-'}  (${app.origin})`,
    `certificate    ${app.certificateId ?? '-'}`,
    `proven         ${instant(app.provenAt)}`,
  ].join('\n');
}

function describeRemoved({ accountId, key, evidence, certificateId, stillGranted }: RemovedCustomerApp): string {
  const where = evidence === null ? 'nothing had been made in the tenant' : evidence.inRecycleBin ? 'the app registration is in the tenant\'s recycle bin' : evidence.applicationGone ? 'the app registration is gone' : 'our key is off the app registration';
  const left = stillGranted.flatMap(({ resourceAppId, roles, scopes }) => [...roles, ...scopes].map((name) => `  still granted: ${name} of ${resourceAppId}`));
  return [`${accountId} / ${key} is removed: ${where}.`, ...left, ...(certificateId === null ? [] : [`The certificate ${certificateId} stays in the store; nothing uses it for this app.`])].join('\n');
}
