import type { Command } from 'commander';
import { EXIT, instant, type Output } from '../output';
import type { Runtime } from '../runtime';
import { addConsentGrantCommands } from './consent-grants';
import { describeConsent } from './consent-report';
import { addConsentServicesCommand } from './consent-services';
import { type CommandContext, runAction } from './context';

const SHORTEST_WAIT_MS = 5000;

export function addConsentCommands(program: Command, context: CommandContext): void {
  const consent = program.command('consent').description('admin consent: invitation, proof');
  consent
    .command('open')
    .argument('<account>')
    .option('--ttl-days <days>', 'how long the invitation lives', Number)
    .option('--tenant <domain or id>', 'the tenant you expect to answer')
    .option('--mail', 'write the invitation as an e-mail too: subject, plain text and HTML')
    .description('open (or resend) an invitation; hand its address to the customer\'s admin')
    .action(async (accountId: string, flags: { readonly ttlDays?: number; readonly tenant?: string; readonly mail?: boolean }, command: Command) => {
      await runAction(context, command, async ({ operator }, output, signal) => {
        const { url, round, rounds, expiresAt, mail } = await operator().openConsent({ accountId, ttlDays: flags.ttlDays, tenant: flags.tenant, signal });
        if (flags.mail === true) output.result({ url, round, rounds, expiresAt, mail }, () => `Subject: ${mail.subject}\n\n${mail.text}`);
        else output.result({ url, round, rounds, expiresAt }, () => `Send this address to the customer's admin (round ${round} of ${rounds}, valid until ${instant(expiresAt)}):\n${url}`);
        return EXIT.done;
      });
    });
  consent.command('status').argument('<account>').description('what is granted now, per app; changes nothing').action(async (accountId: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ operator }, output, signal) => {
      const report = await operator().consentStatus(accountId, signal);
      output.result(report, () => describeConsent(report));
      return EXIT.done;
    });
  });
  consent
    .command('verify')
    .argument('<account>')
    .option('--wait', 'block until it is proven or the deadline passed')
    .description('make the read that is due; five independent good reads prove it')
    .action(async (accountId: string, flags: { readonly wait?: boolean }, command: Command) => {
      await runAction(context, command, async (runtime, output, signal) => verify(runtime, output, accountId, flags.wait === true, signal));
    });
  addConsentServicesCommand(consent, context);
  addConsentGrantCommands(consent, context);
}

async function verify(runtime: Runtime, output: Output, accountId: string, wait: boolean, signal: AbortSignal): Promise<number> {
  for (;;) {
    const report = await runtime.operator().verifyConsent(accountId, signal);
    const open = report.verdict === 'pending' || report.verdict === 'unknown';
    if (!wait || !open || report.nextCheckAt === null) {
      output.result(report, () => describeConsent(report));
      if (report.verdict === 'granted') return EXIT.done;
      return report.verdict === 'missing' ? EXIT.attention : EXIT.waiting;
    }
    output.say(`${report.reads.good} of ${report.reads.needed} good reads; next look at ${instant(report.nextCheckAt)}`);
    // A look that is long due did not move the journey; the next one is still a look and not a hammer.
    await runtime.clock.sleep(Math.max(SHORTEST_WAIT_MS, report.nextCheckAt - runtime.clock.now()), signal);
  }
}
