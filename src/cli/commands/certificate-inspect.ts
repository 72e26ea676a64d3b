import type { Command } from 'commander';
import { createKeyDeriver, createSystemClock, type FileReport, inspectCertificateFile, type ReadableFile, type UnreadableFile } from '../../core/index';
import { type PasswordFlags, readCertificateFile, readPassword } from '../files';
import { EXIT } from '../output';
import { type CommandContext, runPlain } from './context';

export function addInspectCommand(certificate: Command, context: CommandContext): void {
  certificate
    .command('inspect')
    .argument('<file>', 'a PFX (.pfx, .p12)')
    .option('--password-stdin', 'read the password from standard input')
    .option('--password-null', 'the null password of Windows; without either flag the empty password is tried, then null')
    .description('what is in a PFX, and what is wrong with it; needs no configuration and changes nothing')
    .action(async (file: string, flags: PasswordFlags, command: Command) => {
      await runPlain(context, command, async (output, _flags, signal) => {
        const password = await readPassword(context.streams, flags);
        const report = await inspectCertificateFile({ clock: createSystemClock(), keyDeriver: createKeyDeriver() }, { bytes: readCertificateFile(file), password, signal });
        output.result(report, () => describe(report));
        return report.ok ? EXIT.done : EXIT.refused;
      });
    });
}

function describe(report: FileReport): string {
  return report.ok ? describeReadable(report) : describeUnreadable(report);
}

function describeUnreadable({ error }: UnreadableFile): string {
  return `${error.message}\n  code:  ${error.code}\n  next:  ${error.remedy}`;
}

function describeReadable({ container, certificates, keys, usableForEntra, problems }: ReadableFile): string {
  return [
    `integrity    ${container.mac === null ? 'none' : `${container.mac}, ${container.macIterations} iterations`}`,
    `encryption   ${container.encryption.length === 0 ? 'none' : `${container.encryption.join(', ')}, ${container.kdfIterations.join(', ')} iterations`}`,
    ...certificates.flatMap((certificate) => [
      `certificate  ${certificate.subject}${certificate.isLeaf ? '' : ' (issuer of another)'}`,
      `  valid      ${certificate.notBefore} to ${certificate.notAfter}`,
      `  key        ${certificate.keyType} ${certificate.keyBits ?? ''}`.trimEnd(),
      `  SHA-1      ${certificate.thumbprintSha1}`,
      `  SHA-256    ${certificate.thumbprintSha256}`,
    ]),
    ...keys.map((key) => `private key  ${key.type} ${key.bits ?? ''}, ${key.matchesCertificate === null ? 'without its certificate' : `of ${key.matchesCertificate}`}`),
    ...problems.map((problem) => `${problem.severity.padEnd(11)}  ${problem.message} (${problem.code})`),
    `An app ${usableForEntra ? 'can' : 'cannot'} sign in to Microsoft with it.`,
  ].join('\n');
}
