/**
 * The lies the sandbox can be told to tell. Each moves exactly one behaviour away from what the recordings and documents
 * say, so that a check nobody ever saw fail is found out. A lie is never on unless it was asked for by its id; the checks
 * that catch them are in docs/lies.md. Areas tell which checks ought to notice.
 */

export type LieArea = 'documents' | 'token-endpoint' | 'tokens' | 'sign-in' | 'consent' | 'graph-access' | 'graph-reads' | 'graph-writes' | 'graph-keys' | 'replication';

export interface Lie {
  readonly id: LieId;
  readonly area: LieArea;
  /** What the sandbox does while the lie is on. */
  readonly statement: string;
}

const STATEMENTS = {
  documents: {
    'L-DISC-TEMPLATE': 'The document of /organizations names one tenant\'s issuer instead of the template.',
    'L-DISC-ISSUER': 'The document of a tenant asked for by domain names the domain in its issuer.',
    'L-DISC-ISS-PARAMETER': 'The OpenID configuration promises the RFC 9207 iss parameter.',
    'L-DISC-ALGORITHMS': 'The OpenID configuration offers HS256 for ID tokens.',
    'L-DISC-KEYS-ELSEWHERE': 'The document of a tenant points to the keys of /common.',
    'L-DISC-TENANT-UNKNOWN': 'A tenant nobody has is answered as /organizations is.',
    'L-KEYS-NO-ISSUER': 'Signing keys are published without their issuer.',
    'L-KEYS-CONSUMER-SCOPE': 'The consumer key is published as valid for every tenant.',
    'L-KEYS-THUMBPRINT': 'x5t is the SHA-256 thumbprint of the certificate.',
    'L-KEYS-SWAPPED': 'The current key\'s id is published over the other key\'s numbers.',
    'L-INSTANCE-ANY': 'Instance discovery vouches for any host.',
  },
  'token-endpoint': {
    'L-SECRET-ANY': 'Any client secret is accepted.',
    'L-SECRET-EXPIRED': 'Expired client secrets are accepted.',
    'L-SECRET-STATUS': 'Refused clients are answered with status 400.',
    'L-ERROR-CODES': 'Refusals carry no error_codes.',
    'L-ASSERTION-AUDIENCE': 'The audience of a client assertion is not looked at.',
    'L-ASSERTION-TIME': 'Client assertions never expire.',
    'L-ASSERTION-SIGNATURE': 'The signature of a client assertion is not verified.',
    'L-ASSERTION-KEY-EXPIRED': 'Expired key credentials still sign assertions.',
    'L-TOKEN-NO-SP': 'An app without a service principal in the tenant gets a token.',
    'L-TOKEN-SP-DISABLED': 'A disabled service principal gets a token.',
    'L-TOKEN-COMMON': 'client_credentials is served at /organizations, for the home tenant.',
    'L-TOKEN-SCOPE': 'client_credentials takes a scope without /.default.',
    'L-TOKEN-RESOURCE': 'A resource that has no service principal in the tenant is taken for Microsoft Graph.',
    'L-CODE-TWICE': 'A code is redeemed as often as it is sent.',
    'L-CODE-EXPIRED': 'A code never expires.',
    'L-CODE-CLIENT': 'A code is redeemed by any client.',
    'L-CODE-TENANT': 'A code is redeemed at any authority.',
    'L-CODE-REDIRECT': 'redirect_uri is not compared when a code is redeemed.',
    'L-CODE-VERIFIER': 'code_verifier is not compared with the challenge.',
  },
  tokens: {
    'L-AT-ROLES-EMPTY': 'A token without granted roles carries an empty list of roles.',
    'L-AT-ROLES-ALL': 'A token carries every role the resource offers, granted or not.',
    'L-AT-PROOF': 'A token bought with a secret says it was bought with a certificate.',
    'L-AT-TENANT': 'Access tokens are issued for the home tenant, whichever tenant was asked.',
    'L-AT-AUDIENCE': 'Access tokens are for Exchange, whatever was asked for.',
    'L-AT-LIFETIME': 'Access tokens expire after a minute, and expires_in says an hour.',
    'L-AT-KEY-ID': 'Access tokens name a key nobody publishes.',
    'L-IDT-AUDIENCE': 'ID tokens are for another app.',
    'L-IDT-ISSUER': 'ID tokens carry the issuer template.',
    'L-IDT-TENANT': 'tid in an ID token names the home tenant, iss the right one.',
    'L-IDT-NONCE': 'ID tokens do not repeat the nonce.',
    'L-IDT-SIGNATURE': 'ID tokens carry a signature that no key verifies.',
    'L-IDT-UNSIGNED': 'ID tokens are unsigned (alg none).',
    'L-IDT-CONSUMER-KEY': 'ID tokens are signed with the key of the consumer tenant.',
    'L-IDT-EXPIRED': 'ID tokens expired an hour ago.',
    'L-IDT-SUBJECT': 'sub is the object id, the same for every app.',
    'L-IDT-VERSION': 'ID tokens say they are of version 1.0.',
    'L-IDT-PROFILE': 'oid is missing although the profile scope was granted.',
  },
  'sign-in': {
    'L-REDIRECT-ANY': 'Any redirect_uri is accepted.',
    'L-PASSWORD-ANY': 'Any password is accepted.',
    'L-SIGNIN-DISABLED': 'Disabled people may sign in.',
    'L-AUTHZ-STATE': 'The state comes back in capitals.',
    'L-AUTHZ-ISS': 'The sign-in callback carries an iss parameter.',
    'L-AUTHZ-FORM-POST': 'response_mode=form_post is answered in the query.',
    'L-AUTHZ-SILENT': 'prompt=none shows the account picker.',
    'L-AUTHZ-CONSENT': 'Sign-in never asks for consent.',
  },
  consent: {
    'L-CONSENT-STATE': 'The callback of a given consent has no state.',
    'L-CONSENT-TENANT': 'The callback of a given consent names the home tenant.',
    'L-CONSENT-NOTHING': 'Accepting writes nothing, and the callback says it did.',
    'L-CONSENT-PARTIAL': 'Accepting leaves out the last permission.',
    'L-CONSENT-DELEGATED': 'Accepting /.default grants no delegated permission.',
    'L-CONSENT-ANYBODY': 'Anybody may consent for the organisation.',
    'L-CONSENT-APP-ADMIN': 'An Application Administrator may grant Graph application permissions.',
    'L-DECLINE-GRANTS': 'Declining grants everything all the same.',
    'L-DECLINE-SUCCESS': 'Declining comes back as a given consent.',
    'L-DECLINE-STATE': 'The callback of a declined consent has no state.',
  },
  'graph-access': {
    'L-GRAPH-AUDIENCE': 'Graph takes tokens for other resources.',
    'L-GRAPH-SIGNATURE': 'Graph does not verify signatures.',
    'L-GRAPH-CONSUMER-KEY': 'Graph takes tokens signed with the consumer key.',
    'L-GRAPH-EXPIRED': 'Graph takes expired tokens.',
    'L-GRAPH-CHALLENGE': 'A 401 carries no challenge.',
    'L-GRAPH-PERMISSION': 'Graph asks for no permission.',
    'L-GRAPH-OWNED': 'Application.ReadWrite.OwnedBy reaches every app.',
  },
  'graph-reads': {
    'L-NULL-ABSENT': 'Members that are null are left out.',
    'L-CONTENT-TYPE': 'Successes have the plain content type of errors.',
    'L-REQUEST-ID': 'Answers have no request-id.',
    'L-CLIENT-REQUEST-ID': 'The client\'s request id is not echoed.',
    'L-NOT-FOUND': 'An application or service principal that is not there is answered 403.',
    'L-SELECT-IGNORED': '$select is ignored.',
    'L-FILTER-IGNORED': '$filter is ignored.',
    'L-TOP-IGNORED': '$top is ignored.',
    'L-COUNT': '$count=true works without ConsistencyLevel.',
    'L-PAGE-RELATIVE': '@odata.nextLink is relative.',
    'L-PAGE-LOST': 'The row between two pages is lost.',
    'L-PAGE-REPEATED': 'The last row of a page comes again on the next one.',
    'L-PAGE-END': 'The last page links to itself for ever.',
    'L-ROLE-SCOPE': 'Roles held in one administrative unit are shown as tenant-wide.',
    'L-USER-TYPE': 'Guests are shown as members.',
    'L-P2': 'A tenant without P2 is answered with an empty list of eligibilities.',
    'L-BATCH-LIMIT': 'A batch takes more than twenty requests.',
    'L-BATCH-STATUS': 'Every item of a batch says 200.',
    'L-BATCH-ID': 'The answers of a batch carry each other\'s ids.',
    'L-BATCH-DEPENDENCY': 'dependsOn is ignored.',
  },
  'graph-writes': {
    'L-SP-DELETE': 'Deleting a service principal leaves its assignments and grants.',
    'L-SP-DUPLICATE': 'A second service principal for the same app is created.',
    'L-GRANT-DUPLICATE': 'A second delegated grant for the same pair replaces the first.',
    'L-GRANT-MERGE': 'PATCH of a delegated grant adds scopes instead of replacing them.',
    'L-GRANT-ID': 'The id of a delegated grant is a GUID.',
    'L-GRANT-DELETE': 'Deleting a delegated grant deletes nothing.',
    'L-ASSIGNMENT-DUPLICATE': 'Assigning a role twice succeeds.',
    'L-ASSIGNMENT-SIDE': 'appRoleAssignedTo lists what the resource itself holds.',
    'L-ASSIGNMENT-UNKNOWN': 'A role the resource does not have is assigned.',
    'L-CREATED-DIGITS': 'Creating an application answers an instant without fraction.',
  },
  'graph-keys': {
    'L-KEY-SHOWN': 'key is shown in lists.',
    'L-KEY-HIDDEN': 'key is null even where it is selected.',
    'L-KEY-IDENTIFIER': 'customKeyIdentifier is the thumbprint in base64.',
    'L-KEY-APPEND': 'PATCH of keyCredentials appends.',
    'L-KEY-LOST': 'PATCH of keyCredentials answers 204 and stores nothing.',
    'L-KEY-DATES': 'A key credential may outlive its certificate.',
    'L-KEY-CHANGED': 'Changing an existing key credential answers 204 and changes nothing.',
    'L-PROOF-SIGNATURE': 'The signature of a proof of possession is not verified.',
    'L-PROOF-ISSUER': 'The issuer of a proof of possession is not looked at.',
    'L-REMOVE-KEY': 'removeKey answers 204 and removes nothing.',
  },
  replication: {
    'L-LAG-GET': 'Reads of one service principal do not lag.',
    'L-LAG-LIST': 'Lists do not lag.',
    'L-LAG-STS': 'The token endpoint knows a service principal at once.',
    'L-LAG-KEYS': 'The token endpoint knows a certificate at once.',
    'L-LAG-ROLES': 'Tokens carry new roles at once.',
  },
} as const satisfies Readonly<Record<LieArea, Readonly<Record<string, string>>>>;

type Statements = typeof STATEMENTS;
export type LieId = { [Area in LieArea]: keyof Statements[Area] }[LieArea];

export const LIES: readonly Lie[] = Object.entries(STATEMENTS).flatMap(([area, statements]) =>
  Object.entries(statements).map(([id, statement]) => ({ id: id as LieId, area: area as LieArea, statement })),
);

export function isLieId(text: unknown): text is LieId {
  return LIES.some(({ id }) => id === text);
}
