import type { Command } from 'commander';
import { type GeneratedCertificate, OnboardingError, secret } from '../../core/index';
import { readLine, writeNewFile } from '../files';
import { EXIT, table } from '../output';
import type { Runtime } from '../runtime';
import { addCheckCommand } from './certificate-check';
import { addFileCommands, describe } from './certificate-files';
import { addInspectCommand } from './certificate-inspect';
import { addRecordCommands } from './certificate-records';
import { addRotateCommands } from './certificate-rotate';
import { type CommandContext, runAction } from './context';

interface GenerateFlags {
  readonly name: string;
  readonly description?: string;
  readonly subject?: string;
  readonly keyBits: number;
  readonly lifetimeDays?: number;
  readonly pfxOut?: string;
  readonly pfxPasswordStdin?: boolean;
}

export function addCertificateCommands(program: Command, context: CommandContext): void {
  const certificate = program.command('certificate').description('credential certificates');
  addInspectCommand(certificate, context);
  addCheckCommand(certificate, context);
  certificate
    .command('generate')
    .requiredOption('--name <name>', 'unique among your certificates')
    .option('--description <text>')
    .option('--subject <common name>', 'default: the name')
    .option('--key-bits <bits>', '2048, 3072 or 4096', Number, 3072)
    .option('--lifetime-days <days>', 'default 365, or what the home tenant\'s policy allows', Number)
    .option('--pfx-out <file>', 'also write a PFX with the private key; never overwrites')
    .option('--pfx-password-stdin', 'read the PFX\'s password from standard input')
    .description('new self-signed credential certificate; its private key stays sealed in the state')
    .action(async (flags: GenerateFlags, command: Command) => {
      await runAction(context, command, async (runtime, output, signal) => {
        const record = flags.pfxOut === undefined ? await generate(runtime, flags, signal) : await generateWithPfx(runtime, context, { ...flags, pfxOut: flags.pfxOut }, signal);
        if (record.lifetimeLimit === 'unreadable') output.say('note: whether the home tenant\'s policy allows this lifetime could not be read (it takes Policy.Read.All)');
        output.result(record, () => describe(record));
        return EXIT.done;
      });
    });
  addFileCommands(certificate, context);
  addRotateCommands(certificate, context);
  addRecordCommands(certificate, context);
  certificate.command('list').description('every credential certificate').action(async (_flags: unknown, command: Command) => {
    await runAction(context, command, async ({ installation, operatorId }, output) => {
      const items = await installation.certificates.list(operatorId());
      output.result({ items, next: null }, () => table(['id', 'name', 'state', 'valid until', 'SHA-1 thumbprint'], items.map((item) => [item.id, item.name, item.state, item.notAfter, item.thumbprintSha1])));
      return EXIT.done;
    });
  });
  certificate.command('show').argument('<certificate>').description('one certificate, its public part').action(async (id: string, _flags: unknown, command: Command) => {
    await runAction(context, command, async ({ installation, operatorId }, output) => {
      const record = await installation.certificates.show(id, operatorId());
      output.result(record, () => describe(record));
      return EXIT.done;
    });
  });
  certificate
    .command('register')
    .argument('<certificate>')
    .option('--app <key>', 'the app to register it on; repeatable, default every app', (value: string, keys: readonly string[]) => [...keys, value], [])
    .description('add it as key credential to the apps in the home tenant, and prove that the token endpoint accepts it')
    .action(async (id: string, flags: { readonly app: readonly string[] }, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId, configuration }, output, signal) => {
        const keys = flags.app.length === 0 ? configuration.apps.map((app) => app.key) : flags.app;
        const registered = [];
        for (const key of keys) {
          registered.push(await installation.certificates.register(id, key, operatorId(), signal));
          output.say(`registered on ${key} and accepted by the token endpoint`);
        }
        output.result({ certificateId: id, registered }, () => `Now set "credential": {"certificateId": "${id}"} for ${keys.join(', ')} in the configuration.`);
        return EXIT.done;
      });
    });
}

async function generate({ installation, operatorId }: Runtime, flags: GenerateFlags, signal: AbortSignal): Promise<GeneratedCertificate> {
  const { name, description, subject, keyBits, lifetimeDays } = flags;
  if (keyBits !== 2048 && keyBits !== 3072 && keyBits !== 4096) throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'The key has 2048, 3072 or 4096 bits.', { details: { field: 'keyBits' } });
  return installation.certificates.generate({ name, description, subject, keyBits, lifetimeDays }, operatorId(), signal);
}

async function generateWithPfx(runtime: Runtime, context: CommandContext, flags: GenerateFlags & { readonly pfxOut: string }, signal: AbortSignal): Promise<GeneratedCertificate> {
  if (flags.pfxPasswordStdin !== true) throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'A PFX needs a password: give it on standard input with --pfx-password-stdin.', { details: { field: 'password' } });
  const password = secret(await readLine(context.streams));
  if (password.reveal() === '') throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'The password of a PFX is not empty.', { details: { field: 'password' } });
  const { record, lifetimeLimit } = await writeNewFile(flags.pfxOut, async () => {
    const generated = await generate(runtime, flags, signal);
    const file = await runtime.installation.certificates.exportFile(generated.id, { format: 'pfx', password, signal }, runtime.operatorId());
    return { ...file, lifetimeLimit: generated.lifetimeLimit };
  });
  return { ...record, lifetimeLimit };
}
