/** Every resource and operation the node offers, in the order of its menus. */
import type { INodePropertyOptions } from 'n8n-workflow';
import type { Operation } from '../../host/operation';
import { getManyAdmins } from './admin/get-many.operation';
import { checkCertificates } from './certificate/check.operation';
import { deleteCertificate } from './certificate/delete.operation';
import { exportCertificate } from './certificate/export.operation';
import { generateCertificate } from './certificate/generate.operation';
import { getManyCertificates } from './certificate/get-many.operation';
import { getCertificate } from './certificate/get.operation';
import { importCertificate } from './certificate/import.operation';
import { planRotation } from './certificate/plan-rotation.operation';
import { registerCertificate } from './certificate/register.operation';
import { releaseSigner } from './certificate/release-signer.operation';
import { rotateCertificate } from './certificate/rotate.operation';
import { updateCertificate } from './certificate/update.operation';
import { checkServices } from './consent/check-services.operation';
import { getApps } from './consent/get-apps.operation';
import { getConsentStatus } from './consent/get-status.operation';
import { getTemplates } from './consent/get-templates.operation';
import { grantConsent } from './consent/grant.operation';
import { openConsent } from './consent/open.operation';
import { planConsent } from './consent/plan.operation';
import { revokeConsent } from './consent/revoke.operation';
import { verifyConsent } from './consent/verify.operation';
import { createAccount } from './customer-account/create.operation';
import { getManyAccounts } from './customer-account/get-many.operation';
import { getAccount } from './customer-account/get.operation';
import { removeAccount } from './customer-account/remove.operation';
import { adoptCustomerApp } from './customer-app/adopt.operation';
import { getManyCustomerApps } from './customer-app/get-many.operation';
import { getCustomerApp } from './customer-app/get.operation';
import { registerCustomerApp } from './customer-app/register.operation';
import { removeCustomerApp } from './customer-app/remove.operation';
import { issueImpersonation } from './impersonation/issue.operation';
import { advanceOnboarding } from './onboarding/advance.operation';
import { checkAllAccounts } from './onboarding/check-all-accounts.operation';
import { explainErrorCode } from './onboarding/explain-error-code.operation';
import { getOnboardingStatus } from './onboarding/get-status.operation';
import { startOnboarding } from './onboarding/start.operation';
import { bindAdmin } from './sso-binding/bind.operation';
import { getBinding } from './sso-binding/get.operation';
import { unbindAdmin } from './sso-binding/unbind.operation';
import { validateBinding } from './sso-binding/validate.operation';

export const RESOURCES: readonly INodePropertyOptions[] = [
  { name: 'Admin', value: 'admin' },
  { name: 'Certificate', value: 'certificate' },
  { name: 'Consent', value: 'consent' },
  { name: 'Customer Account', value: 'customerAccount' },
  { name: 'Customer App', value: 'customerApp' },
  { name: 'Impersonation', value: 'impersonation' },
  { name: 'Onboarding', value: 'onboarding' },
  { name: 'SSO Binding', value: 'ssoBinding' },
];

export const OPERATIONS: readonly Operation[] = [
  getManyAdmins,
  checkCertificates,
  deleteCertificate,
  exportCertificate,
  generateCertificate,
  getCertificate,
  getManyCertificates,
  importCertificate,
  planRotation,
  registerCertificate,
  releaseSigner,
  rotateCertificate,
  updateCertificate,
  checkServices,
  getApps,
  getConsentStatus,
  getTemplates,
  grantConsent,
  openConsent,
  planConsent,
  revokeConsent,
  verifyConsent,
  createAccount,
  getAccount,
  getManyAccounts,
  removeAccount,
  adoptCustomerApp,
  getCustomerApp,
  getManyCustomerApps,
  registerCustomerApp,
  removeCustomerApp,
  issueImpersonation,
  advanceOnboarding,
  checkAllAccounts,
  explainErrorCode,
  getOnboardingStatus,
  startOnboarding,
  bindAdmin,
  getBinding,
  unbindAdmin,
  validateBinding,
];

/** Operations that read nothing but this package, so that they run without a credential. */
export const NEEDS_NO_CREDENTIAL: readonly string[] = OPERATIONS.filter(({ kind }) => kind === 'offline').map(({ option }) => option.value);
