import type { Command } from 'commander';
import type { CertificateRotation, RotationPlan, RotationReport } from '../../core/index';
import { EXIT, instant } from '../output';
import type { Runtime } from '../runtime';
import { type CommandContext, runAction } from './context';

interface RotateFlags {
  readonly plan?: boolean;
  readonly undo?: boolean;
  readonly wait?: boolean;
}

export function addRotateCommands(certificate: Command, context: CommandContext): void {
  certificate
    .command('rotate')
    .argument('<certificate>')
    .option('--plan', 'only tell what would happen when, and what is in the way')
    .option('--undo', 'take a running rotation back; the old certificate goes on alone')
    .option('--wait', 'go on until the new certificate signs, or was taken back')
    .description('put a new certificate in its place, proven and without a gap: begin, or take the next step')
    .action(async (id: string, flags: RotateFlags, command: Command) => {
      await runAction(context, command, async (runtime, output, signal) => {
        const { installation, operatorId } = runtime;
        if (flags.plan === true) {
          const plan = await installation.certificates.planRotation(id, operatorId());
          output.result(plan, () => describePlan(plan));
          return EXIT.done;
        }
        const report = flags.undo === true ? await installation.certificates.undoRotation(id, operatorId(), signal) : await rotate(runtime, { id, isPatient: flags.wait === true, say: (message) => output.say(message), signal });
        const record = report.certificate ?? (await installation.certificates.show(report.rotation.fromCertificateId, operatorId()));
        output.result({ ...record, step: report.step, rotation: report.rotation }, () => describe(report));
        return exitOf(report.rotation, flags.undo === true);
      });
    });
  certificate
    .command('release-signer')
    .argument('<signer>', 'as a waiting rotation names it')
    .description('your word that it signs with the old certificate no more, so that a rotation need not wait for it')
    .action(async (signerId: string, _flags: unknown, command: Command) => {
      await runAction(context, command, async ({ installation, operatorId }, output) => {
        const signer = await installation.certificates.releaseSigner(signerId, operatorId());
        output.result(signer, () => `released: ${signer.label}`);
        return EXIT.done;
      });
    });
}

interface RotateInput {
  readonly id: string;
  readonly isPatient: boolean;
  readonly say: (message: string) => void;
  readonly signal: AbortSignal;
}

async function rotate({ installation, operatorId, clock }: Runtime, { id, isPatient, say, signal }: RotateInput): Promise<RotationReport> {
  for (;;) {
    const report = await installation.certificates.rotate(id, operatorId(), signal);
    const { state, nextStepAt } = report.rotation;
    const isSettled = state === 'overlap' || state === 'done' || state === 'rolled_back';
    if (!isPatient || isSettled) return report;
    if (report.step !== 'wait') say(`${report.step}: ${state}, next step ${instant(nextStepAt)}`);
    const waitMs = nextStepAt - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  }
}

/** Undoing is what was asked for; being taken back by itself is not. */
function exitOf({ state }: CertificateRotation, wasUndone: boolean): number {
  if (state === 'done') return EXIT.done;
  if (state === 'rolled_back') return wasUndone ? EXIT.done : EXIT.attention;
  return EXIT.waiting;
}

const SENTENCES: Readonly<Record<CertificateRotation['state'], string>> = {
  issuing: 'the new certificate is being made',
  registering: 'the new certificate is being registered beside the old one',
  proving: 'the token endpoint is being asked whether it accepts the new certificate',
  overlap: 'the new certificate signs; the old one is still registered',
  retiring: 'the old certificate is being removed',
  done: 'the new certificate signs, the old one is removed',
  rolling_back: 'the new certificate is being taken back',
  rolled_back: 'the new certificate was taken back; the old one signs as before',
};

function describe({ rotation, certificate }: RotationReport): string {
  const { state, apps, proof, nextStepAt, reasons } = rotation;
  return [
    `rotation     ${state}: ${SENTENCES[state]}`,
    `old          ${rotation.fromCertificateId}`,
    `new          ${certificate === null ? '-' : `${certificate.id}  ${certificate.name}`}`,
    `apps         ${apps.map(({ appKey }) => appKey).join(', ')}`,
    `proof        ${proof.goodRounds} good rounds in a row${proof.lastProblem === null ? '' : `; last problem ${proof.lastProblem.serviceCode ?? proof.lastProblem.code}`}`,
    ...(state === 'done' || state === 'rolled_back' ? [] : [`next step    ${instant(nextStepAt)}`]),
    ...reasons.map(({ code, message }) => `waits for    ${message} (${code})`),
  ].join('\n');
}

function describePlan({ running, steps, blockers }: RotationPlan): string {
  return [
    ...(running === null ? [] : [`A rotation is running (${running.state}, next step ${instant(running.nextStepAt)}); a new one would do this:`]),
    ...steps.map(({ step, earliestAt, does }) => `${instant(earliestAt)}  ${step.padEnd(9)} ${does}`),
    ...blockers.map(({ code, message }) => `in the way   ${message} (${code})`),
  ].join('\n');
}
