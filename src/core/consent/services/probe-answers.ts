/**
 * What the answers to one service's probe amount to together. A success counts only in its documented form; one person
 * without a mailbox or drive is no finding about a tenant while another one has it; what was throttled, cut or broken is no
 * answer. Pure. Sources: the reference pages of the probes; refusals as public threads quote them.
 */
import * as z from 'zod/v4';
import type { ProbeKind, Reply } from './model';
import { idSchema, readRows } from './replies';

/** `absent`: not there (yet); `unlicensed`: the service itself says so; `refused`: 403; `locked`: 423. */
export type ProbeOutcome = 'works' | 'unanswered' | 'refused' | 'locked' | 'unlicensed' | 'absent' | 'failed' | 'not_asked';

export interface ProbeFinding {
  readonly outcome: ProbeOutcome;
  /** The answer it rests on; undefined when nothing was asked. */
  readonly reply: Reply | undefined;
}

const driveSchema = z.object({ id: z.string().min(1), quota: z.object({}).loose() });
const siteSchema = z.object({ id: z.string().min(1), siteCollection: z.object({ hostname: z.string().min(1) }) });
const settingsSchema = z.object({ timeZone: z.string() });
const answerSchemas: Readonly<Record<Exclude<ProbeKind, 'groups' | 'people'>, z.ZodType>> = { inbox: idSchema, mailbox_settings: settingsSchema, drive: driveSchema, root_site: siteSchema, team: idSchema };

/** What weighs most first: a working one proves the service, a missing answer forbids every other conclusion. */
const WEIGHT: readonly ProbeOutcome[] = ['works', 'unanswered', 'refused', 'locked', 'unlicensed', 'absent', 'failed'];

export function judgeAnswers(probe: ProbeKind, replies: readonly Reply[]): ProbeFinding {
  const found = replies.map((reply) => ({ reply, outcome: judgeAnswer(probe, reply) }));
  for (const outcome of WEIGHT) {
    const decisive = found.find((one) => one.outcome === outcome);
    if (decisive !== undefined) return decisive;
  }
  return { outcome: 'not_asked', reply: undefined };
}

function judgeAnswer(probe: ProbeKind, reply: Reply): ProbeOutcome {
  if (reply.status === 200) return hasForm(probe, reply) ? 'works' : 'unanswered';
  if (reply.status === 403) return 'refused';
  if (reply.status === 404) return isAbsence(probe, reply) ? 'absent' : 'failed';
  if (reply.status === 423) return 'locked';
  if (reply.status === 400) return saysUnlicensed(reply) ? 'unlicensed' : 'failed';
  // A token that was not taken, a time-out, a limit, an outage, nothing at all.
  return [0, 401, 408, 429].includes(reply.status) || reply.status >= 500 || reply.status < 300 ? 'unanswered' : 'failed';
}

function hasForm(probe: ProbeKind, reply: Reply): boolean {
  if (probe === 'groups' || probe === 'people') return readRows(reply, idSchema) !== undefined;
  return answerSchemas[probe].safeParse(reply.body).success;
}

/** The codes for "no mailbox", "no drive" and "no team"; the same 404 with another code is no such statement. */
const ABSENCES: Readonly<Partial<Record<ProbeKind, readonly string[]>>> = {
  inbox: ['MailboxNotEnabledForRESTAPI', 'MailboxNotSupportedForRESTAPI', 'ResourceNotFound'],
  mailbox_settings: ['MailboxNotEnabledForRESTAPI', 'MailboxNotSupportedForRESTAPI', 'ResourceNotFound'],
  // `UnknownError` is "404 FILE NOT FOUND", which some people without a drive get.
  drive: ['ResourceNotFound', 'itemNotFound', 'UnknownError'],
  team: ['NotFound', 'ItemNotFound'],
};

function isAbsence(probe: ProbeKind, { code }: Reply): boolean {
  return code !== null && (ABSENCES[probe] ?? []).includes(code);
}

const bodySchema = z.object({ error: z.object({ code: z.literal('BadRequest'), message: z.string() }) });

/** The one refusal whose code says nothing: only its words tell a missing licence from a wrong request. */
function saysUnlicensed({ body }: Reply): boolean {
  const { data } = bodySchema.safeParse(body);
  return data !== undefined && /\bSPO licen[sc]e\b/i.test(data.error.message);
}

/** The host SharePoint tokens are for, as the root site names it. */
export function sharePointHostOf(replies: readonly Reply[]): string | null {
  for (const { status, body } of replies) {
    const host = status === 200 ? siteSchema.safeParse(body).data?.siteCollection.hostname : undefined;
    if (host !== undefined) return host;
  }
  return null;
}
