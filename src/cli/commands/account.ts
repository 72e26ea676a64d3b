import type { Command } from 'commander';
import { type AccountView, OnboardingError, type RemovedAccount } from '../../core/index';
import { EXIT, instant, table } from '../output';
import { type CommandContext, runAction } from './context';

interface AddFlags {
  readonly id?: string;
  readonly name?: string;
  readonly tenant?: string;
  readonly expectedTenant?: string;
  readonly label: readonly string[];
}

export function addAccountCommands(program: Command, context: CommandContext): void {
  const account = program.command('account').description('customer accounts');
  account
    .command('add')
    .description('add a customer account')
    .argument('[id]', 'your id for the customer; made from the name when absent')
    .option('--id <id>', 'the same as the argument')
    .option('--name <name>', 'the customer\'s name, shown to their admin')
    .option('--tenant <domain or id>', 'the tenant you expect to answer')
    .option('--expected-tenant <domain or id>', 'the same as --tenant')
    .option('--label <label>', 'repeatable', (value: string, labels: readonly string[]) => [...labels, value], [])
    .action(async (argument: string | undefined, flags: AddFlags, command: Command) => {
      await runAction(context, command, async ({ operator }, output) => {
        const name = flags.name ?? argument ?? flags.id;
        if (name === undefined) throw new OnboardingError('INPUT_INVALID', 'Give --name, and an id if you have one.', { details: { field: 'name' } });
        const id = argument ?? flags.id ?? slug(name);
        const added = await operator().addAccount({ id, name, expectedTenant: flags.tenant ?? flags.expectedTenant, labels: flags.label });
        output.result(added, () => describe(added));
        return EXIT.done;
      });
    });
  account.command('list').description('every customer account').action(async (_flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output) => {
      const items = await operator().listAccounts();
      output.result({ items, next: null }, () => table(['id', 'name', 'state', 'tenant', 'access level'], items.map((item) => [item.id, item.name, stateOf(item), item.tenantId ?? item.expectedTenant ?? '-', item.accessLevel])));
      return EXIT.done;
    });
  });
  account.command('show').argument('<account>').description('one customer account').action(async (id: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output) => {
      const shown = await operator().showAccount(id);
      output.result(shown, () => describe(shown));
      return EXIT.done;
    });
  });
  account
    .command('lower-level')
    .argument('<account>')
    .argument('[level]', 'none or restricted', 'none')
    .option('--level <level>', 'the same as the argument')
    .description('lower the impersonation access level; only the customer\'s admin raises it')
    .action(async (id: string, argument: string, flags: { readonly level?: string }, command: Command) => {
      await runAction(context, command, async ({ operator }, output) => {
        const level = flags.level ?? argument;
        if (level !== 'none' && level !== 'restricted' && level !== 'full') throw new OnboardingError('INPUT_INVALID', 'The access level is none, restricted or full.', { details: { field: 'level' } });
        const shown = await operator().lowerAccessLevel(id, level);
        output.result(shown, () => describe(shown));
        return EXIT.done;
      });
    });
  addRemoval(account, context);
}

function addRemoval(account: Command, context: CommandContext): void {
  account
    .command('remove')
    .argument('<account>')
    .option('--yes', 'confirm it for an account in use')
    .description('end every access and remove the account; its audit stays, and so does what was granted in its tenant')
    .action(async (accountId: string, flags: { readonly yes?: boolean }, command: Command) => {
      await runAction(context, command, async ({ operator }, output) => {
        const removed = await operator().removeAccount({ accountId, confirmed: flags.yes === true });
        output.result(removed, () => describeRemoved(removed));
        return EXIT.done;
      });
    });
}

function describeRemoved({ id, remaining }: RemovedAccount): string {
  const left = remaining.flatMap(({ tenantId, apps, message }) => [`  in tenant ${tenantId}: ${message}`, ...apps.map(({ key, appId }) => `    ${key}  ${appId}`)]);
  return [`${id} is removed; the audit keeps its entries.`, ...left].join('\n');
}

function stateOf({ state, removingAt }: AccountView): string {
  return removingAt === undefined ? state : `being removed since ${instant(removingAt)}`;
}

function describe(account: AccountView): string {
  return [
    `account        ${account.id}  ${account.name}`,
    `state          ${stateOf(account)}`,
    `tenant         ${account.tenantId ?? '(not proven)'}${account.expectedTenant === null ? '' : `  expected ${account.expectedTenant}`}`,
    `access level   ${account.accessLevel}`,
  ].join('\n');
}

function slug(name: string): string {
  return name.toLowerCase().normalize('NFKD').replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 48);
}
