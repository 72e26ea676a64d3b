/** Wrong signatures, wrong algorithms and keys that may not sign (RFC 7515, RFC 8725 sections 2 and 3, RFC 7518). */
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { signJwt, type JsonObject } from '../../jwt';
import type { CaseTable, Draft } from './model';

export function compact({ header, claims, key }: Draft): string {
  return signJwt({ ...header, alg: 'RS256' }, claims, key);
}

export const signatureCases: CaseTable = {
  'signature-none': {
    statement: 'The ID token has alg none and no signature.',
    outcome: 'refuse',
    idToken: ({ header, claims }) => `${input({ ...header, alg: 'none' }, claims)}.`,
  },
  'signature-none-with-bytes': {
    statement: 'The ID token has alg none and the bytes of a signature.',
    outcome: 'refuse',
    idToken: (draft) => `${input({ ...draft.header, alg: 'none' }, draft.claims)}.${compact(draft).split('.')[2] ?? ''}`,
  },
  'signature-rs256-invalid': {
    statement: 'The RS256 signature is over other bytes.',
    outcome: 'refuse',
    idToken: (draft) => `${input({ ...draft.header, alg: 'RS256' }, draft.claims)}.${compact({ ...draft, claims: { ...draft.claims, altered: true } }).split('.')[2] ?? ''}`,
  },
  'signature-hs256-client-secret': {
    statement: 'The ID token is signed with HS256 and the client secret.',
    outcome: 'refuse',
    idToken: (draft, { clientSecret }) => hmac(draft, clientSecret),
  },
  'signature-hs256-public-key': {
    statement: 'The ID token is signed with HS256 and the published public key as the secret.',
    outcome: 'refuse',
    idToken: (draft) => hmac(draft, createPublicKey(draft.key).export({ type: 'spki', format: 'pem' })),
  },
  'signature-es256-invalid': {
    statement: 'The ID token is signed with ES256 by a key nobody published.',
    outcome: 'refuse',
    idToken: ({ header, claims }) => {
      const signed = input({ ...header, alg: 'ES256' }, claims);
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    },
  },
  'signature-ps256': {
    statement: 'The ID token is signed with PS256 by the right key, which the configuration does not offer.',
    outcome: 'refuse',
    idToken: ({ header, claims, key }) => signJwt({ ...header, alg: 'PS256' }, claims, key),
  },
  'key-unpublished': {
    statement: 'The ID token is signed by a key that is not in the key document and names its own key id.',
    outcome: 'refuse',
    idToken: ({ header, claims }) => compact({ header: { ...header, kid: 'a-key-nobody-published' }, claims, key: strangerKey().privateKey }),
  },
  'key-in-header': {
    statement: 'The ID token brings the key that signed it in its own header.',
    outcome: 'refuse',
    idToken: ({ header, claims }) => {
      const { privateKey, publicKey } = strangerKey();
      return compact({ header: { ...header, jwk: publicKey.export({ format: 'jwk' }) }, claims, key: privateKey });
    },
  },
  'header-critical': {
    statement: 'The header names a critical extension that no client knows.',
    outcome: 'refuse',
    idToken: ({ header, claims, key }) => compact({ header: { ...header, crit: ['sandbox'], sandbox: true }, claims, key }),
  },
  'kid-missing': {
    statement: 'The header names no key while several are published.',
    outcome: 'refuse',
    idToken: ({ header, claims, key }) => compact({ header: withoutKid(header), claims, key }),
  },
  'kid-missing-single-key': {
    statement: 'The header names no key and only one is published. OpenID Connect allows it; Entra ID never does it.',
    outcome: 'may-refuse',
    idToken: ({ header, claims, key }) => compact({ header: withoutKid(header), claims, key }),
    keys: (keys) => keys.slice(0, 1),
  },
  'consumer-key': {
    statement: 'A key that may sign for personal accounts only signed for an organisation.',
    outcome: 'refuse',
    idToken: ({ header, claims }, { consumer }) => compact({ header: { ...header, kid: consumer.kid }, claims, key: consumer.privateKey }),
  },
  'key-rolled-before-signing': {
    statement: 'The signing keys roll over completely right before the token is signed.',
    outcome: 'accept',
    idToken: ({ header, claims }, { rollOver }) => {
      const { kid, privateKey } = rollOver();
      return compact({ header: { ...header, kid }, claims, key: privateKey });
    },
  },
};

function input(header: JsonObject, claims: JsonObject): string {
  const encode = (value: JsonObject) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode(header)}.${encode(claims)}`;
}

function hmac({ header, claims }: Draft, key: string | Buffer): string {
  const signed = input({ ...header, alg: 'HS256' }, claims);
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

function strangerKey() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function withoutKid(header: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(header).filter(([name]) => name !== 'kid'));
}
