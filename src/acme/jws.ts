import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';

/** Signs what an account says (RFC 8555, section 6.2): ES256 alone, which every CA takes (RFC 8555 asks for it). */
export type Signer = Readonly<{
  /** As it goes into the first request of an account. */
  jwk: Readonly<Record<string, string>>;
  /** Of the key, in base64url (RFC 7638). */
  thumbprint: string;
  sign(header: Readonly<Record<string, unknown>>, payload: object | ''): Readonly<Record<string, string>>;
}>;

/** A key for an account: PKCS#8 in PEM. */
export function newAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function newSigner(pem: string): Signer {
  const key = createPrivateKey(pem);
  const jwk = publicJwk(key);
  return {
    jwk,
    // members in the order of the alphabet, and nothing else (RFC 7638, section 3.2)
    thumbprint: createHash('sha256').update(JSON.stringify(jwk)).digest('base64url'),
    sign: (header, payload) => {
      const head = base64url(JSON.stringify({ alg: 'ES256', ...header }));
      const body = payload === '' ? '' : base64url(JSON.stringify(payload));
      const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' });
      return { protected: head, payload: body, signature: signature.toString('base64url') };
    },
  };
}

function publicJwk(key: KeyObject): Readonly<Record<string, string>> {
  const { crv = '', kty = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { crv, kty, x, y };
}

const base64url = (text: string) => Buffer.from(text).toString('base64url');
