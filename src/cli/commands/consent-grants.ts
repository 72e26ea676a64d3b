/** Grants without the admin's browser, and taking them back. `consent revoke` without a word more withdraws the invitation, as it always did. */
import { type Command, Option } from 'commander';
import { type ConsentGrantReport, type GrantRoute, OnboardingError, resourceAppIdOf, type RevocationReport, type RevocationScope, type RevokedItem } from '../../core/index';
import { EXIT, instant, type Output } from '../output';
import type { Runtime } from '../runtime';
import { type CommandContext, readTokenFromStdin, runAction } from './context';

interface RouteFlags {
  readonly adminTokenStdin?: boolean;
  readonly withApp?: string;
}

interface GrantFlags extends RouteFlags {
  readonly app?: readonly string[];
  readonly dryRun?: boolean;
}

interface RevokeFlags extends RouteFlags {
  readonly invitation?: boolean;
  readonly app?: string;
  readonly permission?: string;
  readonly type?: 'application' | 'delegated';
  readonly resource?: string;
  readonly all?: boolean;
  readonly deleteServicePrincipal?: boolean;
  readonly yes?: boolean;
}

export function addConsentGrantCommands(consent: Command, context: CommandContext): void {
  withRoute(consent.command('grant').argument('<account>'))
    .option('--app <key...>', 'only these apps; default: all that are declared')
    .option('--dry-run', 'say what is missing and would be granted; change nothing')
    .description('grant what is missing in the account\'s proven tenant, by somebody who may do it there; then `consent verify` proves it')
    .action(async (accountId: string, flags: GrantFlags, command: Command) => {
      await runAction(context, command, async ({ operator }, output, signal) => {
        const report = await operator().grantConsent({ accountId, route: await readRoute(context, flags), appKeys: flags.app, dryRun: flags.dryRun, signal });
        for (const { message } of report.reasons) output.say(message);
        output.result(report, () => describeGranted(report));
        return report.state === 'pending' || report.state === 'made' ? EXIT.waiting : EXIT.done;
      });
    });
  withRoute(consent.command('revoke').argument('<account>'))
    .option('--invitation', 'withdraw the open invitation; what happens when nothing else is said')
    .option('--app <key>', 'take back everything granted to this app')
    .option('--permission <name>', 'of that app, only this permission (name or id)')
    .addOption(new Option('--type <type>', 'when the name stands for several').choices(['application', 'delegated']))
    .option('--resource <resource>', 'when the name stands for several: graph, exchange, sharepoint or an app id')
    .option('--all', 'take back everything granted to every declared app')
    .option('--delete-service-principal', 'also delete the service principal; the customer can restore it for 30 days')
    .option('--yes', 'confirm')
    .description('withdraw the open invitation, or take grants back with evidence')
    .action(async (accountId: string, flags: RevokeFlags, command: Command) => {
      await runAction(context, command, async (runtime, output, signal) => {
        const what = readScope(flags);
        if (what === undefined) return withdrawInvitation(runtime, output, accountId);
        const report = await runtime.operator().revokeGrants({ accountId, what, route: await readRoute(context, flags), confirmed: flags.yes, signal });
        output.result(report, () => describeRevoked(report));
        if (report.state === 'revoked') return EXIT.done;
        return report.state === 'pending' ? EXIT.waiting : EXIT.attention;
      });
    });
}

function withRoute(command: Command): Command {
  return command
    .addOption(new Option('--admin-token-stdin', 'read an access token of the customer\'s admin for Microsoft Graph from standard input; it is kept nowhere').conflicts('withApp'))
    .option('--with-app <key>', 'act as this app of yours, which holds the rights in the tenant');
}

async function readRoute(context: CommandContext, { adminTokenStdin, withApp }: RouteFlags): Promise<GrantRoute | undefined> {
  if (withApp !== undefined) return { kind: 'app', appKey: withApp };
  return adminTokenStdin === true ? { kind: 'admin', adminToken: await readTokenFromStdin(context) } : undefined;
}

/** Undefined: the invitation. Raises `INPUT_INVALID` for what does not go together. */
function readScope({ invitation, app, permission, type, resource, all, deleteServicePrincipal }: RevokeFlags): RevocationScope | undefined {
  const refuse = (message: string) => new OnboardingError('INPUT_INVALID', message, { details: { parameter: 'revoke' } });
  if ([invitation, app !== undefined, all].filter((chosen) => chosen === true).length > 1) throw refuse('Give one of --invitation, --app and --all.');
  if (permission !== undefined && (app === undefined || deleteServicePrincipal === true)) throw refuse('--permission needs --app, and does not go with --delete-service-principal.');
  if (permission === undefined && (type !== undefined || resource !== undefined)) throw refuse('--type and --resource say more about --permission.');
  if (all === true) return { kind: 'everything', deleteServicePrincipals: deleteServicePrincipal };
  if (app === undefined) {
    if (deleteServicePrincipal === true) throw refuse('--delete-service-principal needs --app or --all.');
    return undefined;
  }
  if (permission === undefined) return { kind: 'app', appKey: app, deleteServicePrincipal };
  return { kind: 'permission', appKey: app, permission: { name: permission, type, ...(resource === undefined ? {} : { resourceAppId: resourceAppIdOf(resource) }) } };
}

async function withdrawInvitation({ operator }: Runtime, output: Output, accountId: string): Promise<number> {
  const revoked = await operator().revokeConsentRequest(accountId);
  output.result({ revoked }, () => (revoked ? 'The invitation no longer works.' : 'There was no open invitation.'));
  return EXIT.done;
}

const GRANTED: Readonly<Record<ConsentGrantReport['state'], string>> = {
  planned: 'This would be granted; nothing was changed.',
  nothing_missing: 'Nothing is missing; nothing was changed.',
  pending: 'The directory does not show all of it yet: run it again.',
  made: 'The directory shows all of it. `consent verify --wait` proves it.',
};

function describeGranted({ apps, state, leftOut }: ConsentGrantReport): string {
  const lines = apps.flatMap(({ key, servicePrincipal, alreadyGranted, toGrant }) => [
    `${key.padEnd(12)} service principal ${servicePrincipal}, ${alreadyGranted.length} granted before, ${toGrant.length} missing`,
    ...toGrant.map(({ name, resource, type }) => `  ${state === 'planned' ? 'would grant' : 'grant'}  ${name} on ${resource} (${type})`),
  ]);
  return [...lines, ...(leftOut.length === 0 ? [] : [`Still lacking something, and left out: ${leftOut.join(', ')}.`]), GRANTED[state]].join('\n');
}

function describeRevoked({ state, gone, stillShown, notRevoked, staysValid, audited }: RevocationReport): string {
  const named = ({ app, kind, name, resource }: RevokedItem) => (kind === 'service_principal' ? `${app}: its service principal` : `${app}: ${name} on ${resource} (${kind})`);
  return [
    `grants ${state}`,
    ...gone.map((item) => `  gone         ${named(item)}`),
    ...stillShown.map((item) => `  still shown  ${named(item)}`),
    ...notRevoked.map((item) => `  refused      ${named(item)}: ${item.because.serviceCode ?? item.because.code}; next: ${item.owner}. ${item.remedy}`),
    ...staysValid.map(({ untilAt, message }) => `  stays        ${message}${untilAt === null ? '' : ` (until ${instant(untilAt)})`}`),
    ...(audited ? [] : ['  The audit is down; its entries are kept and handed over later.']),
  ].join('\n');
}
