/** Why a lie that the product does not notice does no harm, or how far it would reach. Nothing is listed that is noticed. */
import type { LieId } from '../../src/sandbox/index';

const NO_LAG_HERE = 'The journey is walked without lag, so there is nothing to hide.';

export const HARMLESS: Partial<Readonly<Record<LieId, string>>> = {
  'L-DISC-ISS-PARAMETER': 'The sign-in asks one tenant\'s endpoint and takes that tenant\'s issuer alone in the ID token; no second issuer could be mixed up with it.',
  'L-DISC-ALGORITHMS': 'The product takes RS256 and nothing else, whatever is offered.',
  'L-DISC-KEYS-ELSEWHERE': 'The keys of /common are the same keys; what each is for is read from its issuer.',
  'L-KEYS-CONSUMER-SCOPE': 'Nobody signs with that key here. That it counts for a tenant is the service\'s own word; with the true document its signature is refused (L-IDT-CONSUMER-KEY).',
  'L-KEYS-THUMBPRINT': 'Keys are found by kid.',
  'L-AT-ROLES-EMPTY': 'No roles and no roles member mean the same to the product.',
  'L-AT-ROLES-ALL': 'A permission counts when the directory has it, too; roles in a token alone grant nothing.',
  'L-AT-PROOF': 'How the app proved itself is no part of any decision.',
  'L-AT-LIFETIME': 'Each token is used within its minute here. Later Graph would refuse it and the proof would stay open.',
  'L-IDT-SUBJECT': 'People are told apart by tenant and object id, never by sub.',
  'L-AUTHZ-ISS': 'The issuer it names is the right one; another would be refused.',
  'L-AUTHZ-CONSENT': 'Consent is proven by the directory and by tokens, not by a page having been shown.',
  'L-DECLINE-GRANTS': 'The person declined and the product says so. What the tenant holds without its leave is for its own administrators to see.',
  'L-NULL-ABSENT': 'Absent and null are read alike.',
  'L-CONTENT-TYPE': 'Bodies are read by status and shape.',
  'L-REQUEST-ID': 'The id only helps support.',
  'L-CLIENT-REQUEST-ID': 'The id only helps support.',
  'L-FILTER-IGNORED': 'Every row is held against the id it was asked for: rows of other apps and other people count for nothing.',
  'L-TOP-IGNORED': 'Lists are read to their last page, however long a page is.',
  'L-ROLE-SCOPE': 'Graph is the only witness of a scope. A person shown with the whole tenant could be offered as an administrator; the one bound here holds the role truly.',
  'L-USER-TYPE': 'Graph is the only witness of a guest. A guest shown as a member could be offered as an administrator; the one bound here is a member.',
  'L-BATCH-STATUS': 'No item fails on this way; an error\'s body has not the shape of an answer and is no evidence.',
  'L-LAG-GET': NO_LAG_HERE,
  'L-LAG-LIST': NO_LAG_HERE,
  'L-LAG-STS': NO_LAG_HERE,
  'L-LAG-ROLES': NO_LAG_HERE,
};
