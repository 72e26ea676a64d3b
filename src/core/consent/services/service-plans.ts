/**
 * The service plans that make a backup service exist, by id: names of services and products prove nothing, since
 * EXCHANGE_S_FOUNDATION comes with almost everything and holds no mailbox, and SHAREPOINTWAC no site. Source: Microsoft Learn
 * "Product names and service plan identifiers for licensing".
 */
import type { BackupService } from '../apps/templates';

const MAIL = [
  '9aaf7827-d63c-4b61-89c3-182f06f82e5c', // EXCHANGE_S_STANDARD
  'efb87545-963c-4e0d-99df-69c6916d9eb0', // EXCHANGE_S_ENTERPRISE
  '4a82b400-a79f-41a4-b4e2-e94f5787b113', // EXCHANGE_S_DESKLESS
  '1126bef5-da20-4f07-b45e-ad25d2581aa8', // EXCHANGE_S_ESSENTIALS
  'fc52cc4b-ed7d-472d-bbe7-b081c23ecc56', // EXCHANGE_S_STANDARD_MIDMARKET
  'd42bdbd6-c335-4231-ab3d-c8f348d5aff5', // EXCHANGE_L_STANDARD
  'e9b4930a-925f-45e2-ac2a-3f7788ca6fdd', // EXCHANGE_S_STANDARD_GOV
  '8c3069c0-ccdb-44be-ab77-986203a67df2', // EXCHANGE_S_ENTERPRISE_GOV
] as const;

const SITES = [
  'c7699d2e-19aa-44de-8edf-1736da088ca1', // SHAREPOINTSTANDARD
  '5dbe027f-2339-4123-9542-606e4d348a72', // SHAREPOINTENTERPRISE
  '902b47e5-dcb2-4fdc-858b-c63a90a2bdb9', // SHAREPOINTDESKLESS
  '63038b2c-28d0-45f6-bc36-33062963b498', // SHAREPOINTENTERPRISE_EDU
  '0a4983bb-d3e5-4a09-95d8-b2d0127b3df5', // SHAREPOINTSTANDARD_EDU
  '6b5b6a67-fc72-4a1f-a2b5-beecf05de761', // SHAREPOINTENTERPRISE_MIDMARKET
  'a1f3d0a8-84c0-4ae0-bae4-685917b8ab48', // SHAREPOINTLITE
  '153f85dd-d912-4762-af6c-d6e0fb4f6692', // SHAREPOINTENTERPRISE_GOV
  'f9c43823-deb4-46a8-aa65-8b551f0c4f8a', // SHAREPOINTSTANDARD_GOV
  'b1aeb897-3a19-46e2-8c27-a609413cf193', // SHAREPOINTDESKLESS_GOV
] as const;

const ONEDRIVE_ALONE = '13696edf-5a08-49f6-8134-03083ed8ba30'; // ONEDRIVESTANDARD

const TEAMS = [
  '57ff2da0-773e-42df-b2af-ffb7a2317929', // TEAMS1
  '304767db-7d23-49e8-a945-4a7eb65f9f28', // TEAMS_GOV
  '9953b155-8aef-4c56-92f3-72b0487fce41', // TEAMS_AR_GCCHIGH
  'fd500458-c24c-478e-856c-a6067a8376cd', // TEAMS_AR_DOD
] as const;

/** Undefined: part of the directory itself, which every tenant has. */
export const SERVICE_PLAN_IDS: Readonly<Record<BackupService, readonly string[] | undefined>> = {
  exchange: MAIL,
  onedrive: [...SITES, ONEDRIVE_ALONE],
  sharepoint: SITES,
  teams: TEAMS,
  groups: undefined,
  directory: undefined,
};

/** Names that could stand for the service where the id is not known here; what is known to hold none of it is left out. */
const SPEAKING_NAMES: Readonly<Record<'exchange' | 'onedrive' | 'sharepoint' | 'teams', RegExp>> = {
  exchange: /^EXCHANGE(?!.*(?:FOUNDATION|ARCHIVE))/,
  onedrive: /^(?:SHAREPOINT(?!.*(?:WAC|STORAGE|PROJECT|ADVANCED|DUET))|ONEDRIVE(?!CLIPCHAMP))/,
  sharepoint: /^SHAREPOINT(?!.*(?:WAC|STORAGE|PROJECT|ADVANCED|DUET))/,
  teams: /^TEAMS(?:1|_GOV|_AR|_ENTERPRISE)/,
};

export function soundsLike(service: BackupService, planName: string): boolean {
  return service !== 'groups' && service !== 'directory' && SPEAKING_NAMES[service].test(planName.toUpperCase());
}
