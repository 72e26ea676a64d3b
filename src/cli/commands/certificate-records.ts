import type { Command } from 'commander';
import { EXIT } from '../output';
import { describe } from './certificate-files';
import { type CommandContext, runAction } from './context';

interface EditFlags {
  readonly name?: string;
  readonly description?: string;
}

export function addRecordCommands(certificate: Command, context: CommandContext): void {
  certificate
    .command('edit')
    .argument('<certificate>')
    .option('--name <name>', 'unique among your certificates')
    .option('--description <text>', 'an empty one takes it away')
    .description('change what you call it; what is not named stays')
    .action(async (id: string, { name, description }: EditFlags, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output) => {
        const record = await installation.certificates.edit(id, { name, description }, operatorId());
        output.result(record, () => describe(record));
        return EXIT.done;
      });
    });
  certificate
    .command('delete')
    .argument('<certificate>')
    .option('--yes', 'you mean it: the private key is gone for good')
    .description('delete it with its private key; refused while anything needs it, and says what')
    .action(async (id: string, flags: { readonly yes?: boolean }, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output) => {
        const removed = await installation.certificates.remove(id, { confirm: flags.yes === true }, operatorId());
        output.result(removed, () => `deleted: ${removed.name}\nSHA-256  ${removed.thumbprintSha256}`);
        return EXIT.done;
      });
    });
  certificate
    .command('unregister')
    .argument('<certificate>')
    .requiredOption('--app <key>', 'the app to take it off')
    .description('take a certificate that nobody signs with off an app registration; another one of the app proves it')
    .action(async (id: string, flags: { readonly app: string }, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output, signal) => {
        const result = await installation.certificates.unregister(id, flags.app, operatorId(), signal);
        output.result(result, () => (result.alreadyGone ? `${flags.app} does not have it any more` : `taken off ${flags.app}`));
        return EXIT.done;
      });
    });
}
