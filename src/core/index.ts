/** The front door of the library: re-exports only. What is not exported here is nobody's to use. */

// The frame
export { OnboardingError, asOnboardingError, hasCode, isOnboardingError, toPublicError } from './errors';
export type { ErrorOptions } from './errors';
export { ERROR_CATALOG } from './error-catalog';
export type { CatalogEntry, ErrorCode, ErrorOwner, ErrorReaction, PublicCode } from './error-catalog';
export { explainErrorCode } from './explanation';
export type { ErrorExplanation } from './explanation';
export { SERVICE_CODES, findServiceCode, serviceCodeLookUpUrl } from './service-codes';
export type { ServiceCodeEntry, ServiceRetry, ServiceWait } from './service-codes';
export { Secret, isSecret, secret } from './internal/secret';
export { CLOUD_ENDPOINTS, CLOUD_IDENTITIES, CLOUDS } from './internal/clouds';
export type { Cloud, CloudEndpoints, CloudIdentity } from './internal/clouds';
export { publicUrl } from './internal/public-url';
export type { WebRequest, WebResponse } from './internal/web';
export type * from './ports';
export { createSealer, parseKeyRing } from './sealing';
export type { KeyRing, RotatingSealer, SealerOptions } from './sealing';
export type { RecordPorts } from './records';

// The upper floor: a whole installation, the journey
export { parseConfiguration } from './configuration';
export type { AppCredentialSetting, Configuration, Operator, PortalSetting } from './configuration';
export { createInstallation } from './installation';
export type { Installation, InstallationOptions } from './installation';
export { createOnboarding } from './onboarding';
export type { Onboarding, OnboardingParts } from './onboarding';
export type { AccountView, JourneyReport, OnboardingSettings, WaitingFor } from './corridor/context';
export type { ConsentGrantsOptions, GrantInput, GrantRoute } from './corridor/consent/grant-entry';
export type { AppGrantReport, ConsentGrantReport, GrantConsentInput } from './corridor/consent/grants';
export type { ConsentRequestView } from './corridor/consent/requests';
export type { NotRevokedItem, RevocationReport, RevocationScope, RevokedItem, RevokeGrantsInput, StaysValid } from './corridor/consent/revocation';
export type { ConsentReport } from './corridor/consent/verify-consent';
export type { ConsentPlan, DeclaredApps } from './corridor/consent/plan';
export type { OnboardingStep, StepOwner } from './corridor/consent/plan-steps';
export type { ServicesReport } from './corridor/consent/services';
export type { ImpersonateInput } from './corridor/impersonate';
export { bindOperator } from './corridor/operator';
export type { OperatorOnboarding } from './corridor/operator';
export type { SweepInput, SweepTransports } from './corridor/sweep';
export type { CheckedCredential, CredentialStatus, ShownRotation } from './corridor/certificates/judge-credential';
export type { RenewalStep } from './corridor/certificates/renew-certificates';
export type { CredentialKind, CredentialProblem } from './corridor/certificates/watched-credentials';
export type { HandleOptions, RouteOptions } from './corridor/routes';
export type { RemainingGrants, RemoveAccountInput, RemovedAccount } from './corridor/removal';
export type { OutcomeKind, WebOutcome } from './corridor/web-outcomes';
export { ACCOUNT_OCCASION_TYPES, accountOccasions, listAccountOccasions } from './corridor/account-occasions';
export type { AccountOccasion, AccountOccasionType } from './corridor/account-occasions';
export type { AppKeys } from './corridor/certificates/check-app-keys';
export type { CertificateCheck, CheckRequest } from './corridor/certificates/check-certificates';
export type { CertificateRecords, CertificateView } from './corridor/certificates/certificate-records';
export type { UnregisteredCredential } from './corridor/certificates/unregister';
export type { Blocker } from './corridor/certificates/rotation-blockers';
export type { RotationPlan, RotationReport } from './corridor/certificates/rotate';
export type { Rotations } from './corridor/certificates/rotations';
export type { CertificateRequest, Credentials, GeneratedCertificate, ImportedCertificate, ImportRequest, RegisteredCredential } from './corridor/certificates/credentials';

export type { CustomerAppsOptions } from './corridor/customer-apps/customer-app-entry';
export type { RemoveCustomerAppInput, RemovedCustomerApp } from './corridor/customer-apps/customer-app-removal';
export type { AdoptCustomerAppInput, CustomerApps, CustomerAppView, RegisterCustomerAppInput } from './corridor/customer-apps/customer-apps';
export type { CustomerAppReason, CustomerAppState, CustomerAppStep, WantedPermission } from './customer-apps/model';
export type { RemovalEvidence } from './customer-apps/remove';

// Accounts
export { ACCESS_LEVELS, isRaise, lowerAccessLevel, readAccessLevel } from './accounts/access-level';
export type { AccessLevel } from './accounts/access-level';
export { addAccount, findAccount, listAccounts, requireAccount } from './accounts/account';
export type { CustomerAccount, NewAccount } from './accounts/account';
export { ALLOWED_TRANSITIONS, JOURNEY_STATES, readJourney } from './accounts/journey';
export type { Journey, JourneyState, Reason } from './accounts/journey';
export { createConfiguredAuthorizer, mayAct } from './accounts/operators';
export type { ConfiguredOperator } from './accounts/operators';

// Fleet
export { judgeFailure, judgeLook } from './fleet/judge';
export type { Look } from './fleet/judge';
export type { AccountVerdict, RequestCount, SweepCounts, SweepOptions, SweepProgress, SweepReport } from './fleet/model';

// Consent
export { EXCHANGE_APP_ID, GRAPH_APP_ID, SHAREPOINT_APP_ID, parseApps, parsePermissions } from './consent/apps/apps';
export type { PartnerApp, RequiredPermission } from './consent/apps/apps';
export { BACKUP_SERVICES, listTemplates, TEMPLATE_ACCESS } from './consent/apps/templates';
export type { BackupService, ShownTemplate, TemplateAccess } from './consent/apps/templates';
export { differenceOf } from './consent/apps/plan';
export type { AppDifference, AskStatus, GrantsOfApp, PlannedPermission, PlannedRound } from './consent/apps/plan';
export { warningsOf } from './consent/apps/warnings';
export type { PermissionWarning } from './consent/apps/warnings';
export { resourceAppIdOf, resourceName } from './consent/apps/resources';
export { readConsentCallback } from './consent/rounds/callback';
export type { ConsentCallback, ConsentRefusal } from './consent/rounds/callback';
export { readGrantEvidence } from './consent/evidence/evidence';
export type { AppEvidence, EvidenceInput, GrantEvidence, ResourceEvidence } from './consent/evidence/evidence-model';
export type { NamedGrant } from './consent/grants/compare';
export { buildPartnerConsentRequest, buildPartnerConsentRemoval, readPartnerConsentAnswer } from './consent/grants/partner-center';
export type { PartnerConsentAnswer, PartnerConsentInput, PartnerConsentOutcome, PartnerConsentRequest } from './consent/grants/partner-center';
export { GRANT_ROUTES } from './consent/grants/routes';
export type { GrantRouteKind, GrantRouteNeeds } from './consent/grants/routes';
export type { PermissionChoice } from './consent/grants/targets';
export { judgeConsent } from './consent/evidence/judge';
export type { AppConsentState, AppVerdict, Because, ConsentVerdict, EvidenceKind, PermissionFinding } from './consent/evidence/verdict';
export { buildInvitationMail } from './consent/rounds/mail';
export type { InvitationMail, InvitationMailInput } from './consent/rounds/mail';
export { addRead, isProven } from './consent/evidence/streak';
export type { Streak, StreakDecision } from './consent/evidence/streak';
export { sameSupportCode } from './internal/support-code';
export { buildConsentUrl } from './consent/rounds/url';
export { probeServices } from './consent/services/ask';
export { judgeServices } from './consent/services/judge';
export type { JudgeServicesInput } from './consent/services/judge';
export { SERVICE_STATES } from './consent/services/model';
export type { GrantedApp, LicenceFinding, LicenceStatus, ProbeKind, Reply, ServiceNote, ServicePlan, ServiceReport, ServicesEvidence, ServicesInput, ServiceState } from './consent/services/model';
export { planProbes } from './consent/services/plan-probes';
export type { RememberedServices, WorsenedService } from './consent/services/records';

// Admins and SSO
export { discoverAdmins } from './admins/discovery';
export type { AdminCandidate, AdminDiscovery, AdminRoute, AdminStanding, DiscoverAdminsInput, ExcludedCandidate, Exclusion, ExclusionCode } from './admins/model';
export { DEFAULT_ADMIN_POLICY, OWNERSHIP_POLICY } from './admins/roles';
export type { AdminPolicy } from './admins/roles';
export { readAdminStanding } from './admins/standing';
export type { AppliedValidation, BindingReason, BindingState, OwnershipEvidence, PastBinding, ProposedSuccessor, SsoBinding } from './sso/model';
export { explainBinding } from './sso/reasons';
export type { UnbindInput, UnboundAdmin } from './corridor/unbind';

// Impersonation
export { decideIssue } from './impersonation/policy';
export type { IssueDecision, IssueFacts } from './impersonation/policy';
export { buildDeliveryPage, buildUndeliveredPage } from './impersonation/delivery-page';
export type { IssuedImpersonation } from './impersonation/issue';

// Certificates
export type { CertificateDependent } from './certificates/deletion/dependents';
export type { CertificateEdit } from './certificates/records/edit';
export { EXPORT_FORMATS } from './certificates/files/export';
export type { ExportedFile, ExportFormat, ExportRequest } from './certificates/files/export';
export { judgeHeartbeat } from './certificates/renewal/heartbeat';
export type { Heartbeat, HeartbeatFacts, HeartbeatView } from './certificates/renewal/heartbeat';
export type { LifecycleSettings, RenewalSettings, RenewalWindow, RotationSettings } from './certificates/lifecycle';
export type { CertificateRecord } from './certificates/model';
export type { FileCertificate, FileKey } from './certificates/pfx/contents';
export { occasionId, OCCASION_TYPES } from './certificates/renewal/occasions';
export type { Occasion, OccasionType } from './certificates/renewal/occasions';
export { inspectCertificateFile } from './certificates/pfx/inspect';
export type { ContainerFacts, FileReport, ReadableFile, UnreadableFile } from './certificates/pfx/inspect';
export { MAX_FILE_BYTES } from './certificates/pfx/limits';
export type { PfxPassword } from './certificates/pfx/passwords';
export type { FileProblem, ProblemCode } from './certificates/pfx/problems';
export type { PfxInput } from './certificates/pfx/read';
export type { PfxProfile } from './certificates/pfx/write';
export type { RemovedCertificate } from './certificates/deletion/remove';
export { judgeRenewal, planRenewal } from './certificates/renewal/renewal';
export type { DatedCredential, Renewal, RenewalPlan, RenewalReason, RenewalStatus } from './certificates/renewal/renewal';
export type { PlannedStep, RotationStep } from './certificates/rotation/rotation';
export { ROTATION_STATES } from './certificates/rotation/rotation-model';
export type { CertificateRotation, RotatingApp, RotationProof, RotationState } from './certificates/rotation/rotation-model';
export type { Signer, SignerIdentity, SignerSource } from './certificates/rotation/signers';
export type { Thumbprints } from './certificates/records/thumbprints';

// Audit
export { createAuditLog } from './audit/log';
export type { AuditLog } from './audit/log';
export type { AuditEntry, ChainReport } from './audit/chain';

// Adapters
export { createAssertionTokenSource } from './adapters/assertion-tokens';
export type { AssertionTokenSourceOptions } from './adapters/assertion-tokens';
export { createFetchSender } from './adapters/fetch-sender';
export type { FetchAnswer, FetchFunction, FetchInit, FetchSenderOptions } from './adapters/fetch-sender';
export { createGraphTransport } from './adapters/graph-client';
export { createHttpsClient } from './adapters/https-client';
export type { HttpsClient, HttpsClientOptions } from './adapters/https-client';
export type { HttpsRequest, HttpsResponse, HttpsSender } from './adapters/https-exchange';
export { createJwtService } from './adapters/jose-jwt';
export { createKeyDeriver } from './adapters/key-deriver';
export type { KeyDeriverOptions } from './adapters/key-deriver';
export { createKeyvAdapter } from './adapters/keyv-adapter';
export { openKeyvStore } from './adapters/keyv-store';
export { createMemoryStore } from './adapters/memory-store';
export type { IdentifiedStore } from './adapters/memory-store';
export { createMsalTokenSource } from './adapters/msal-tokens';
export { startServer } from './adapters/node-server';
export type { RunningServer, ServerOptions } from './adapters/node-server';
export { createNodeRandom } from './adapters/node-random';
export { openStateStore } from './adapters/open-store';
export { openPostgresStore } from './adapters/postgres-store';
export type { PostgresStoreOptions } from './adapters/postgres-store';
export { openSqliteStore } from './adapters/sqlite-store';
export { identifySigner } from './adapters/signer-identity';
export { readProxySettings } from './adapters/proxy-settings';
export { createSystemClock } from './adapters/system-clock';
export { createTenantDirectory } from './adapters/tenant-directory';
