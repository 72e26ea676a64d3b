/**
 * The fifteen things that cannot be known without a real tenant (docs/sandbox.md, "What cannot be known offline"), and what a
 * run has seen of each. A tick means that something was seen, not that the question is closed.
 */

export interface Unknown {
  readonly number: number;
  readonly text: string;
  /** Why a run without a browser cannot see it. */
  readonly outOfReach?: string;
}

export interface TickedUnknown extends Unknown {
  readonly ticked: boolean;
  readonly seen: readonly string[];
}

const BROWSER = 'needs a person at a browser';

export const UNKNOWNS: readonly Unknown[] = [
  { number: 1, text: 'What addKey and removeKey take as proof, and how a second key credential is appended by PATCH.' },
  { number: 2, text: 'Which audiences, repeated jti, clock skew and lifetimes of client assertions the token endpoint takes.' },
  { number: 3, text: 'How long replicas lag, and which reads stay with one of them.' },
  { number: 4, text: 'How long new roles take to reach tokens, and a new certificate to reach the token endpoint.', outOfReach: 'needs a consent given while it watches' },
  { number: 5, text: 'Throttling: the numbers, and the form of Retry-After.' },
  { number: 6, text: 'What the consent page says, and when MFA, risk, an unverified publisher or a tenant\'s policy steps in.', outOfReach: BROWSER },
  { number: 7, text: 'What the callback of admin consent carries for anything but success and decline.', outOfReach: BROWSER },
  { number: 8, text: 'What Conditional Access, security defaults and claims challenges do to these apps.', outOfReach: BROWSER },
  { number: 9, text: 'The national clouds while they run.' },
  { number: 10, text: 'How open types treat unknown $select and body properties, and the exact texts of refusals.' },
  { number: 11, text: 'When consent and key changes reach the directory audit, and under which names.' },
  { number: 12, text: 'How tenant-wide app management policies word their refusals of certificates.' },
  { number: 13, text: 'Privileged Identity Management with a P2 licence beyond the documented examples.' },
  { number: 14, text: 'Default page sizes other than that of users, and the largest $top.' },
  { number: 15, text: 'Whatever changed after the sources were written.' },
];

export function tick(observations: ReadonlyMap<number, readonly string[]>): readonly TickedUnknown[] {
  return UNKNOWNS.map((unknown) => {
    const seen = [...new Set(observations.get(unknown.number) ?? [])];
    return { ...unknown, ticked: seen.length > 0, seen };
  });
}
