/** `plan` and `apps`: what would be asked for and why, before anybody is asked. Nothing here changes anything. */
import type { Command } from 'commander';
import { type ConsentPlan, listTemplates, type PartnerApp, type PermissionWarning, type PlannedRound, resourceName, type ShownTemplate } from '../../core/index';
import { count, EXIT, instant, table } from '../output';
import { reasonLines } from '../reasons';
import { type CommandContext, runAction, runPlain } from './context';

export function addPlanCommands(program: Command, context: CommandContext): void {
  program.command('plan').argument('<account>').description('what would be asked for, granted and written, and why; changes nothing').action(async (accountId: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output, signal) => {
      const plan = await operator().planConsent(accountId, signal);
      output.result(plan, () => describePlan(plan));
      return EXIT.done;
    });
  });
  const apps = program.command('apps').description('your apps and what they ask for');
  apps.command('list').description('the declaration as it is understood, templates written out, with warnings').action(async (_flags: unknown, command: Command) => {
    await runAction(context, command, async ({ installation }, output) => {
      const { apps: items, warnings } = installation.onboarding.declaredApps();
      output.result({ items, warnings, next: null }, () => [...items.map(describeApp), ...describeWarnings(warnings)].join('\n\n'));
      return EXIT.done;
    });
  });
  apps.command('templates').argument('[name]', 'exchange, onedrive, sharepoint, teams, groups or directory').description('ready-made permissions per backup service, as JSON to paste').action(async (name: string | undefined, _flags: unknown, command: Command) => {
    await runPlain(context, command, async (output) => {
      const items = listTemplates(name);
      output.result({ items, next: null }, () => items.map(describeTemplate).join('\n\n'));
      return EXIT.done;
    });
  });
}

function describePlan(plan: ConsentPlan): string {
  const { totals } = plan;
  const next = plan.steps.map(({ who, does, asks, writes, why }, index) => [`  ${index + 1}. ${who} ${does}`, `     asks    ${asks ?? 'nothing'}`, `     writes  ${writes ?? 'nothing'}`, `     because ${why}`].join('\n'));
  return [
    `${plan.accountId}: ${plan.state}, tenant ${plan.tenantId ?? `${plan.expectedTenant ?? 'any'} (expected)`}`,
    `${count(totals.asked, 'permission')} asked for: ${totals.granted} granted, ${totals.new} new, ${totals.unknown} unknown, ${totals.unpublished} not offered by the tenant; ${totals.surplus ?? 'unknown'} beyond the ask`,
    plan.comparison,
    ...reasonLines(plan.reasons),
    '',
    ...plan.rounds.map((round) => `${describeRound(round)}\n`),
    ...describeWarnings(plan.warnings),
    ...(next.length === 0 ? [] : ['', 'what comes next', ...next]),
  ].join('\n');
}

function describeRound({ round, displayName, appId, services, permissions, surplus }: PlannedRound): string {
  const rows = permissions.map(({ status, name, resource, type, reason }) => [status, name, resource, type, reason]);
  const beyond = (surplus ?? []).map(({ name, type, resourceAppId }) => `  beyond the ask: ${name} (${type}) of ${resourceName(resourceAppId)}`);
  return [`round ${round}: ${displayName} (${appId}) for ${services.join(', ') || 'no service'}`, table(['', 'permission', 'of', 'type', 'because it'], rows), ...beyond].join('\n');
}

function describeApp({ key, appId, displayName, round, services, requiredPermissions }: PartnerApp): string {
  const rows = requiredPermissions.map(({ resourceAppId, type, name, id, reason }) => [name ?? '-', id ?? '-', resourceName(resourceAppId), type, reason]);
  return [`${round}. ${key}  ${displayName} (${appId}) for ${services.join(', ') || 'no service'}`, table(['permission', 'id', 'resource', 'type', 'because it'], rows)].join('\n');
}

function describeWarnings(warnings: readonly PermissionWarning[]): string[] {
  return warnings.map(({ code, appKey, permission, message, source, effectiveAt }) => `${code}  ${[appKey, permission].filter((part) => part !== null).join(': ') || 'all apps'}${effectiveAt === null ? '' : ` (${instant(effectiveAt).slice(0, 10)})`}\n  ${message}\n  ${source}`);
}

function describeTemplate({ name, access, title, permissions, sources, notes }: ShownTemplate): string {
  const pasted = permissions.map((permission) => `    ${JSON.stringify(permission)}`);
  return [`${name}, ${access}: ${title}`, `  { "template": "${name}", "access": "${access}" } stands for`, `  [\n${pasted.join(',\n')}\n  ]`, ...sources.map((permission) => `  ${permission.name}: least privileged by "${permission.source}"`), ...notes.map((note) => `  ${note}`)].join('\n');
}
