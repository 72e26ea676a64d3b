/** A consent report for people: what is granted, what it rests on and since when, and what is missing and why. */
import type { AppVerdict, ConsentReport, PermissionFinding } from '../../core/index';
import { instant } from '../output';
import { reasonLines } from '../reasons';

export function describeConsent(report: ConsentReport): string {
  const evidence = report.evidence === null ? 'none' : `${EVIDENCE[report.evidence]}, ${instant(report.evidenceAt)}`;
  const tokens = report.tokensAt === null ? 'tokens not proven yet' : `tokens last proven ${instant(report.tokensAt)}`;
  return [
    `consent ${report.verdict}  (${report.reads.good} of ${report.reads.needed} good reads)`,
    `  evidence     ${evidence}; ${tokens}`,
    ...report.apps.flatMap(describeApp),
    ...reasonLines([...report.reasons, ...report.notes]),
    ...(report.nextCheckAt === null ? [] : [`  next look at ${instant(report.nextCheckAt)}`]),
  ].join('\n');
}

const EVIDENCE: Readonly<Record<NonNullable<ConsentReport['evidence']>, string>> = {
  tokens_and_directory: 'fresh tokens and the directory agree',
  directory_agrees: 'the directory agrees',
  token_roles: 'roles of fresh tokens alone',
};

function describeApp(app: AppVerdict): string[] {
  const because = app.because === null ? '' : `  (${[app.because.code, app.because.serviceCode].filter((part) => part !== null).join(', ')})`;
  return [
    `  ${app.key.padEnd(12)} ${app.state}  ${app.granted.length} granted, ${app.missing.length} missing, ${app.surplus.length} surplus${because}`,
    ...app.missing.map((finding) => describeFinding(wordFor(app, finding), finding)),
    ...app.unproven.map((finding) => describeFinding('unproven', finding)),
    ...app.surplus.map((finding) => describeFinding('surplus', finding)),
  ];
}

function wordFor({ removed, added }: AppVerdict, finding: PermissionFinding): string {
  const isAmong = (findings: readonly PermissionFinding[]) => findings.some((other) => other.resourceAppId === finding.resourceAppId && other.type === finding.type && other.name === finding.name);
  if (isAmong(removed)) return 'gone';
  return isAmong(added) ? 'new' : 'missing';
}

function describeFinding(word: string, finding: PermissionFinding): string {
  return `    ${word.padEnd(8)} ${finding.name} on ${finding.resource} (${finding.type})`;
}
