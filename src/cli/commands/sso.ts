import type { Command } from 'commander';
import { explainBinding, type SsoBinding } from '../../core/index';
import { EXIT, instant, type Output } from '../output';
import { type CommandContext, runAction } from './context';

export function addSsoCommands(program: Command, context: CommandContext): void {
  const sso = program.command('sso').description('the SSO binding');
  sso
    .command('bind')
    .argument('<account>')
    .requiredOption('--admin <objectId, user principal name or "first">', 'whom to bind')
    .description('bind an admin to the account')
    .action(async (accountId: string, flags: { readonly admin: string }, command: Command) => {
      await runAction(context, command, async ({ operator }, output, signal) => {
        const binding = await operator().bindAdmin({ accountId, admin: flags.admin, signal });
        printBinding(output, binding);
        return EXIT.done;
      });
    });
  sso.command('validate').argument('<account>').description('read the bound admin and the consent again').action(async (accountId: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output, signal) => {
      const { binding, nextCheckAt } = await operator().verifyBinding(accountId, signal);
      printBinding(output, binding, nextCheckAt);
      if (binding.state === 'active') return EXIT.done;
      return binding.state === 'stale' ? EXIT.attention : EXIT.waiting;
    });
  });
  sso.command('show').argument('<account>').description('the binding as it stands').action(async (accountId: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output) => {
      printBinding(output, await operator().showBinding(accountId));
      return EXIT.done;
    });
  });
  addUnbinding(sso, context);
}

function addUnbinding(sso: Command, context: CommandContext): void {
  sso
    .command('unbind')
    .argument('<account>')
    .option('--yes', 'confirm it when somebody is bound')
    .option('--reason <text>', 'why, for the audit')
    .description('end the binding; nobody can be impersonated until somebody is bound again')
    .action(async (accountId: string, flags: { readonly yes?: boolean; readonly reason?: string }, command: Command) => {
      await runAction(context, command, async ({ operator }, output) => {
        const result = await operator().unbindAdmin({ accountId, confirmed: flags.yes === true, reason: flags.reason });
        output.result(result, () => (result.unbound ? `${accountId}: nobody is bound any more.` : `${accountId}: nobody was bound.`));
        return EXIT.done;
      });
    });
}

function printBinding(output: Output, binding: SsoBinding, nextCheckAt?: number): void {
  const { accountId, tenantId, userObjectId, state, validatedAt, reasons, upn, displayName, boundAt, deadlineAt, successor, history } = binding;
  const explanations = explainBinding(binding);
  const next = nextCheckAt === undefined ? {} : { nextCheckAt };
  output.result({ accountId, tenantId, userObjectId, state, validatedAt, reasons, explanations, upn, displayName, boundAt, deadlineAt, successor, history, ...next }, () =>
    [
      `${accountId}: ${displayName} (${upn})`,
      `  tenant     ${tenantId}`,
      `  object id  ${userObjectId}`,
      `  state      ${state}, ${validatedAt === null ? 'not validated yet' : `validated ${instant(validatedAt)}`}`,
      ...(state === 'validating' ? [`  next       sso validate ${accountId}, or advance ${accountId} --wait`] : []),
      ...explanations.map((sentence) => `  because    ${sentence}`),
      ...history.map((past) => `  before     ${past.upn}, ${instant(past.boundAt)} to ${instant(past.endedAt)}, ${past.endedBecause} by ${past.endedBy}`),
      ...(nextCheckAt === undefined ? [] : [`  next look at ${instant(nextCheckAt)}`]),
    ].join('\n'),
  );
}
