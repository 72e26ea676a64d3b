/** Wrong documents, wrong token answers and wrong callbacks (OpenID Connect Discovery 4.3, RFC 6749 3.1 and 4.1.2, RFC 9207). */
import type { CallbackMembers, CaseTable } from './model';

const ELSEWHERE = 'https://login.elsewhere.example';

export const answerCases: CaseTable = {
  'discovery-issuer-other': {
    statement: 'The configuration names the issuer of another host.',
    outcome: 'refuse',
    configuration: (document) => ({ ...document, issuer: `${ELSEWHERE}/v2.0` }),
  },
  'discovery-issuer-template': {
    statement: 'The configuration of a tenant carries the issuer template of the shared authorities.',
    outcome: 'refuse',
    configuration: (document, loginOrigin) => ({ ...document, issuer: `${loginOrigin}/{tenantid}/v2.0` }),
  },
  'discovery-keys-elsewhere': {
    statement: 'The configuration sends the client to another origin for the keys.',
    outcome: 'refuse',
    configuration: (document) => ({ ...document, jwks_uri: `${ELSEWHERE}/keys` }),
  },
  'discovery-keys-unnamed': {
    statement: 'The configuration has no jwks_uri.',
    outcome: 'refuse',
    configuration: (document) => Object.fromEntries(Object.entries(document).filter(([name]) => name !== 'jwks_uri')),
  },
  'keys-empty': { statement: 'The key document holds no keys.', outcome: 'refuse', keys: () => [] },
  'keys-ambiguous': {
    statement: 'Two published keys have the id the token names.',
    outcome: 'refuse',
    keys: ([first = {}, second = {}, ...rest]) => [first, { ...second, kid: first.kid }, ...rest],
  },
  'keys-without-issuer': {
    statement: 'The published keys do not say whose they are.',
    outcome: 'refuse',
    keys: (keys) => keys.map((key) => Object.fromEntries(Object.entries(key).filter(([name]) => name !== 'issuer'))),
  },
  'keys-for-encryption': {
    statement: 'The published keys are for encryption.',
    outcome: 'refuse',
    keys: (keys) => keys.map((key) => ({ ...key, use: 'enc' })),
  },
  'id-token-missing': {
    statement: 'The answer to the code holds no ID token.',
    outcome: 'refuse',
    answer: (members) => Object.fromEntries(Object.entries(members).filter(([name]) => name !== 'id_token')),
  },
  'id-token-is-access-token': {
    statement: 'The access token stands where the ID token belongs.',
    outcome: 'refuse',
    answer: (members) => ({ ...members, id_token: members.access_token }),
  },
  'state-missing': { statement: 'The callback carries no state.', outcome: 'refuse', callback: (members) => members.filter(([name]) => name !== 'state') },
  'state-other': { statement: 'The callback carries another state.', outcome: 'refuse', callback: (members) => replaced(members, 'state', 'A'.repeat(43)) },
  'code-missing': { statement: 'The callback carries no code.', outcome: 'refuse', callback: (members) => members.filter(([name]) => name !== 'code') },
  'code-twice': { statement: 'The callback carries two codes.', outcome: 'refuse', callback: (members) => [...members, ['code', '1.another-code']] },
  'code-other': { statement: 'The callback carries a code nobody issued.', outcome: 'refuse', callback: (members) => replaced(members, 'code', '1.a-code-nobody-issued') },
  'callback-issuer-other': {
    statement: 'The callback names another issuer in the iss parameter of RFC 9207, which Entra ID does not send.',
    outcome: 'refuse',
    callback: (members) => [...members, ['iss', `${ELSEWHERE}/v2.0`]],
  },
  'error-with-code': {
    statement: 'The callback carries an error and a code.',
    outcome: 'refuse',
    callback: (members) => [['error', 'access_denied'], ['error_description', 'AADSTS65004: declined'], ...members],
  },
};

function replaced(members: CallbackMembers, name: string, value: string): CallbackMembers {
  return members.map((member) => (member[0] === name ? [name, value] : member));
}
