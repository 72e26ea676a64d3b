import { type Command, Option } from 'commander';
import { type CertificateView, EXPORT_FORMATS, type ExportedFile, type ExportFormat, OnboardingError, type PfxProfile, secret } from '../../core/index';
import { type PasswordFlags, readCertificateFile, readLine, withPassword, writeNewFile } from '../files';
import { EXIT } from '../output';
import { type CommandContext, runAction } from './context';

interface ImportFlags extends PasswordFlags {
  readonly name: string;
  readonly description?: string;
  readonly select?: string;
}

interface ExportFlags extends PasswordFlags {
  readonly format: ExportFormat;
  readonly out: string;
  readonly profile: PfxProfile;
  readonly csp?: boolean;
}

export function addFileCommands(certificate: Command, context: CommandContext): void {
  addImportCommand(certificate, context);
  addExportCommand(certificate, context);
}

function addImportCommand(certificate: Command, context: CommandContext): void {
  certificate
    .command('import')
    .argument('<file>', 'PFX or PEM, with the private key')
    .requiredOption('--name <name>', 'unique among your certificates')
    .option('--description <text>')
    .option('--password-stdin', 'read the file\'s password from standard input')
    .option('--password-null', 'the null password of Windows')
    .option('--select <thumbprint>', 'of a file with several certificates the one that is meant: SHA-1 or SHA-256, in any spelling')
    .description('take a certificate with its private key into the store')
    .action(async (file: string, flags: ImportFlags, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output, signal) => {
        const { name, description, select } = flags;
        const bytes = readCertificateFile(file);
        const { record, warnings } = await withPassword(context.streams, flags, async (passwords) =>
          installation.certificates.importFile({ name, description, select, bytes, ...passwords, signal }, operatorId()),
        );
        for (const { message } of warnings) output.say(`note: ${message}`);
        output.result(record, () => describe(record));
        return EXIT.done;
      });
    });
}

function addExportCommand(certificate: Command, context: CommandContext): void {
  certificate
    .command('export')
    .argument('<certificate>')
    .addOption(new Option('--format <format>', 'pfx with the private key, pem (with it when a password is given), cer: the public part as DER').choices(EXPORT_FORMATS).makeOptionMandatory())
    .requiredOption('--out <file>', 'a new file, readable by its owner only; never overwrites')
    .option('--password-stdin', 'read the password that protects the private key from standard input; always so for pfx')
    .addOption(new Option('--profile <profile>', 'of a pfx: modern is AES-256, legacy is 3DES for Windows Server 2016 and before').choices(['modern', 'legacy']).default('modern'))
    .option('--csp', 'of a pfx: keep the key in Windows\' CSP provider, as Exchange Online PowerShell needs it')
    .description('write a stored certificate to a file; a private key only under a password, and audited')
    .action(async (id: string, flags: ExportFlags, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output, signal) => {
        if (flags.format === 'pfx' && flags.passwordStdin !== true) output.say('reading the password of the PFX from standard input');
        const password = await readExportPassword(context, flags);
        const { format, profile, csp } = flags;
        const file = await writeNewFile(flags.out, async () => installation.certificates.exportFile(id, { format, password, profile, csp, signal }, operatorId()));
        output.result({ ...file.record, file: flags.out, format, includesPrivateKey: file.includesPrivateKey }, () => describeExport(file, flags.out));
        return EXIT.done;
      });
    });
}

async function readExportPassword(context: CommandContext, { format, passwordStdin }: ExportFlags) {
  if (format === 'cer' || (format === 'pem' && passwordStdin !== true)) return undefined;
  const password = await readLine(context.streams);
  if (password === '') throw new OnboardingError('CERTIFICATE_INPUT_INVALID', 'A file with a private key needs a password: give it on standard input.', { details: { field: 'password' } });
  return secret(password);
}

function describeExport({ record, includesPrivateKey }: ExportedFile, path: string): string {
  return `${path}: ${record.name}, ${includesPrivateKey ? 'with its private key, protected by the password' : 'the public part'}\nSHA-256  ${record.thumbprintSha256}`;
}

/** Thumbprints as Entra ID shows them, as OpenSSL prints them, and as they stand in a JSON Web Token. */
export function describe(record: CertificateView): string {
  const { sha1Hex, sha1Colon, sha1Base64Url, sha256Hex, sha256Colon, sha256Base64Url } = record.thumbprints;
  return [
    `certificate  ${record.id}  ${record.name}`,
    ...(record.description === '' ? [] : [`description  ${record.description}`]),
    `subject      ${record.subject}`,
    `valid        ${record.notBefore} to ${record.notAfter}`,
    `key          ${record.keyType} ${record.keyBits}`,
    `SHA-1        ${sha1Hex}`,
    `             ${sha1Colon}`,
    `  x5t        ${sha1Base64Url}`,
    `SHA-256      ${sha256Hex}`,
    `             ${sha256Colon}`,
    `  x5t#S256   ${sha256Base64Url}`,
    `state        ${record.state}`,
    ...record.usedBy.map(({ appKey, keyId }) => `used by      ${appKey} (key ${keyId})`),
  ].join('\n');
}
