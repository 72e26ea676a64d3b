/** What the trigger can start a workflow with, as its menu shows it. The values are what workflows store, so they never change. */
import type { INodePropertyOptions } from 'n8n-workflow';

export const EVENTS: readonly (INodePropertyOptions & { readonly value: string })[] = [
  { name: 'Account: Admin Binding Is Stale', value: 'account.binding_stale', description: 'The bound admin is not any more what it was' },
  { name: 'Account: Consent Has Drifted', value: 'account.consent_drift', description: 'A permission or an app is gone in a tenant that was onboarded' },
  { name: 'Certificate Check Is Overdue', value: 'certificate.check_overdue', description: 'Nothing has looked after the certificates for twice the interval' },
  { name: 'Certificate Has Expired', value: 'certificate.expired', description: 'Nothing signs in with it any more' },
  { name: 'Certificate Is Due', value: 'certificate.due', description: 'Its renewal is due and has not begun' },
  { name: 'Certificate Is Expiring', value: 'certificate.expiring', description: 'Its end is near, and it was not renewed' },
  { name: 'Certificate Rotation Failed', value: 'certificate.rotation_failed', description: 'The new key was taken back' },
  { name: 'Certificate Rotation Hangs', value: 'certificate.rotation_overdue', description: 'Nobody takes its steps, or the old key cannot be retired' },
];
