/**
 * What every TokenSource must do, as named checks over node:assert: run them with any test framework, or in a loop. Each
 * check opens a source with nothing kept, on a stage that plays the token endpoint, friendly and hostile. A source that
 * passes may sign in for many tenants in one process, and through the rotation of a certificate.
 *
 * @example for (const check of tokenSourceContract({ open, current, former })) test(check.name, check.run);
 */
import type { TokenSource } from '../ports';
import { createMovableClock, type MovableClock } from './movable-clock';
import type { ContractCheck } from './state-store-contract';
import { overlapping } from './token-overlap-checks';
import { refusing } from './token-refusal-checks';
import { keeping, requesting, sharing } from './token-source-checks';
import { openPlay, type SigningCertificate, type TokenStage, type TokenWorld } from './token-stage';

export interface TokenSourceUnderTest {
  readonly tokens: TokenSource;
  close(): Promise<void>;
}

export interface TokenSourceContractOptions {
  /** A new source for the stage's apps, credentials and clock, whose every request is answered by `stage.answer`. */
  open(stage: TokenStage): Promise<TokenSourceUnderTest>;
  /** What the apps sign in with, and what they signed in with before: two certificates' thumbprints with RSA keys, used nowhere else. */
  readonly current: SigningCertificate;
  readonly former: SigningCertificate;
  /** Only where an endpoint of the host's own gives the ordinary answers: whom it knows. Both certificates are good for both apps there. */
  readonly world?: TokenWorld | undefined;
  /** Only where that endpoint needs a particular time. Default: a clock of its own for each check. */
  readonly clock?: MovableClock | undefined;
}

const START = Date.UTC(2026, 0, 1);

const INVENTED: TokenWorld = {
  apps: [
    { key: 'backup', appId: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa' },
    { key: 'restore', appId: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb' },
  ],
  tenantIds: ['c1111111-1111-4111-8111-111111111111', 'd2222222-2222-4222-8222-222222222222'],
  resources: ['https://graph.microsoft.com', 'https://outlook.office365.com'],
};

/** The checks, in the order in which a failure is easiest to understand. */
export function tokenSourceContract(options: TokenSourceContractOptions): readonly ContractCheck[] {
  return Object.entries({ ...requesting, ...keeping, ...sharing, ...refusing, ...overlapping }).map(([name, check]) => ({
    name,
    async run() {
      const clock = options.clock ?? createMovableClock(START);
      const input = { ...(options.world ?? INVENTED), clock, current: options.current, former: options.former, hasOwnEndpoint: options.world !== undefined };
      const { play, opened } = await openPlay(input, (stage) => options.open(stage));
      try {
        await check(play);
      } finally {
        await opened.close();
      }
    },
  }));
}
