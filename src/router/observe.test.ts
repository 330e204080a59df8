import { expect, it } from 'vitest';
import { parseCertificate } from './observe.ts';

const own = `Filename: /r/certificates/shop.pem
Status: Used
Serial: 0D933C1B1089BF66
Subject Alternative Name: DNS:shop.example.com
Algorithm: RSA2048
SHA1 FingerPrint: 59242F1838BDEF3E7DAFC83FFE4DD6C03B88805C
Subject: /CN=shop.example.com
Issuer: /CN=Inner CA
`;
const chain = `Chain Subject: /CN=Inner CA
Chain Issuer: /CN=Outer CA
Chain Subject: /CN=Outer CA
Chain Issuer: /CN=Outer CA
`;

it('knows a certificate, and how many HAProxy shows behind it', () => {
  const sha1 = '59242F1838BDEF3E7DAFC83FFE4DD6C03B88805C';
  expect(parseCertificate(own)).toEqual({ sha1, chain: 0 });
  expect(parseCertificate(own + chain)).toEqual({ sha1, chain: 2 });
  expect(parseCertificate('Filename: /r/new.pem\nStatus: Empty\n')).toEqual({ sha1: '', chain: 0 });
});
