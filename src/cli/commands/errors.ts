import type { Command } from 'commander';
import { type ErrorExplanation, explainErrorCode } from '../../core/index';
import { EXIT } from '../output';
import { type CommandContext, runPlain } from './context';

export function addErrorCommands(program: Command, context: CommandContext): void {
  program
    .command('errors')
    .description('what error codes mean')
    .command('explain')
    .argument('<code>', 'a code of this package, an AADSTS number, or a Microsoft Graph code')
    .description('what the code means, whose move it is and the next step')
    .action(async (code: string, _flags: unknown, command: Command) => {
      await runPlain(context, command, async (output) => {
        const explanation = explainErrorCode(code);
        output.result(explanation, () => inWords(explanation));
        return EXIT.done;
      });
    });
}

function inWords({ code, means, remedy, owner, microsoft }: ErrorExplanation): string {
  const lines = [`${code}: ${means}`, `  next:   ${remedy} (${owner})`];
  if (microsoft === undefined) return lines.join('\n');
  const { adminMessage, retry, wait, ownCode, lookUpUrl } = microsoft;
  lines.push(`  again:  ${wait === null ? RETRIES[retry] : `after ${wait.firstSeconds} s at the earliest, for ${wait.atMostSeconds} s at most`}`, `  shown:  as ${ownCode} where nothing more is known`);
  if (adminMessage !== null) lines.push(`  tell the customer's admin:  ${adminMessage}`);
  if (lookUpUrl !== null) lines.push(`  Microsoft's page:  ${lookUpUrl}`);
  return lines.join('\n');
}

const RETRIES = { no: 'no repeat helps by itself', user: 'by a person in a browser', once: 'once, built afresh', wait: 'later' } as const;
