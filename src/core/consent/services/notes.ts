/**
 * What is true beside a service's state: a permission that is granted and has come to its end (Exchange Web Services), one
 * that needs a directory role as well (Exchange.ManageAsApp). Pure.
 */
import type { PartnerApp } from '../apps/apps';
import { EXCHANGE_APP_ID } from '../apps/resources';
import type { BackupService } from '../apps/templates';
import { warningsOf } from '../apps/warnings';
import type { ServiceNote, ServicesEvidence } from './model';
import type { Grants } from './plan-probes';
import { idSchema, readRows } from './replies';

interface NotesInput {
  readonly apps: readonly PartnerApp[];
  readonly grants: Grants;
  readonly evidence: ServicesEvidence;
  readonly service: BackupService;
  readonly now: number;
}

export function notesOf(input: NotesInput): readonly ServiceNote[] {
  return input.service === 'exchange' ? [...endingPermissions(input), ...roleless(input)] : [];
}

function endingPermissions({ apps, grants, now }: NotesInput): ServiceNote[] {
  const isGranted = (key: string, name: string) => grants.some((app) => app.key === key && app.granted.some((granted) => granted.resourceAppId === EXCHANGE_APP_ID && granted.name === name));
  return warningsOf(apps, now).flatMap(({ code, appKey, permission, message }) =>
    code === 'CONSENT_PERMISSION_DATED' && appKey !== null && permission !== null && isGranted(appKey, permission) ? [{ code, message: `${appKey}, ${permission}: ${message}` }] : [],
  );
}

/** An empty list is an answer; one that could not be read is none. */
function roleless({ evidence }: NotesInput): ServiceNote[] {
  return [...evidence.exchangeRoles].flatMap(([appKey, reply]) =>
    readRows(reply, idSchema)?.rows.length === 0
      ? [{ code: 'CONSENT_PERMISSION_INCOMPLETE' as const, message: `${appKey}: Exchange.ManageAsApp is granted, and the app holds no directory role in the tenant, without which it can manage nothing.` }]
      : [],
  );
}
