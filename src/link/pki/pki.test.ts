import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createCa, openCa } from './ca.ts';
import { certificateInfo, isHostCertificate, userOf } from './certificate-info.ts';
import {
  issueHostCertificate,
  issueServerCertificate,
  issueUserCertificate,
  MANAGER_NAME,
  serverCertificateDue,
} from './certificates.ts';
import { newCsr, readCsr } from './csr.ts';
import { DAY, fingerprintOf, newKeys, x509 } from './x509.ts';

const NOW = Date.UTC(2026, 10, 20);
const MINUTES = 60_000;

async function testCa(now = NOW) {
  return openCa(await createCa('c1', now));
}

describe('CA', () => {
  it('is good for ten years, signs certificates only, and names its cluster', async () => {
    const pair = await createCa('c1', NOW);
    const ca = new X509Certificate(pair.certificate);
    expect(ca.ca).toBe(true);
    expect(ca.subject).toContain('CN=Berth CA c1');
    expect(Date.parse(ca.validFrom)).toBe(NOW - 10 * MINUTES);
    expect(Date.parse(ca.validTo)).toBe(NOW + 3650 * DAY);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(createPrivateKey(pair.key).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect((await openCa(pair)).fingerprint).toBe(ca.fingerprint256.replaceAll(':', '').toLowerCase());
  });

  it('says that a key is unreadable without showing it', async () => {
    const pair = await createCa('c1', NOW);
    const refused = openCa({ ...pair, key: 'SECRET-BYTES' });
    await expect(refused).rejects.toThrow(/private key of the cluster cannot be read/);
    await expect(refused).rejects.not.toThrow(/SECRET/);
  });
});

describe('server certificates', () => {
  it('name what they are given, loopback and the manager', async () => {
    const ca = await testCa();
    const { certificate } = await issueServerCertificate(
      ca,
      ['Cloud.example.com', '10.1.2.3', 'fd00::1', 'fe80::1%eth0'],
      NOW,
    );
    const parsed = new X509Certificate(certificate);
    for (const name of ['cloud.example.com', 'localhost', MANAGER_NAME])
      expect(parsed.checkHost(name)).toBe(name);
    for (const ip of ['10.1.2.3', '127.0.0.1', '::1', 'fd00::1']) expect(parsed.checkIP(ip)).toBe(ip);
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(parsed.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true);
  });

  it('are due when names change, when less than 30 days are left, and under another CA', async () => {
    const ca = await testCa();
    const names = ['a.example.com', '10.0.0.1', 'FD00:0::1'];
    const { certificate } = await issueServerCertificate(ca, names, NOW);
    expect(serverCertificateDue(certificate, ca, names, NOW)).toBeUndefined();
    expect(
      serverCertificateDue(certificate, ca, ['10.0.0.1', 'fd00::1', 'A.example.com'], NOW),
    ).toBeUndefined();
    expect(serverCertificateDue(certificate, ca, [...names, '10.0.0.2'], NOW)).toBe(
      'it does not name 10.0.0.2',
    );
    expect(serverCertificateDue(certificate, ca, names.slice(1), NOW)).toMatch(
      /a\.example\.com, which is no more/,
    );
    expect(serverCertificateDue(certificate, ca, names, NOW + 334 * DAY)).toBeUndefined();
    expect(serverCertificateDue(certificate, ca, names, NOW + 336 * DAY)).toMatch(/it ends on 2027-11-20/);
    const other = await openCa(await createCa('c2', NOW));
    expect(serverCertificateDue(certificate, other, names, NOW)).toBe('it is of another CA');
  });

  it('never outlive the CA', async () => {
    const ca = await testCa();
    const { certificate } = await issueServerCertificate(ca, [], NOW + 3600 * DAY);
    expect(certificateInfo(certificate).notAfter).toBe(NOW + 3650 * DAY);
  });
});

describe('host certificates', () => {
  it('take the key from the request, and nothing else', async () => {
    const ca = await testCa();
    const keys = await newKeys();
    const csr = await x509.Pkcs10CertificateRequestGenerator.create({
      name: [{ CN: ['root'] }, { OU: ['admin'] }],
      extensions: [
        new x509.BasicConstraintsExtension(true),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: MANAGER_NAME }]),
      ],
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      keys,
    });
    const certificate = await issueHostCertificate(ca, csr.toString('pem'), 'h1abc', NOW);
    const parsed = new X509Certificate(certificate);
    expect(certificateInfo(certificate)).toMatchObject({ commonName: 'h1abc', organizationalUnit: 'host' });
    expect(parsed.ca).toBe(false);
    expect(parsed.subjectAltName).toBeUndefined();
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    const key = Buffer.from((await x509.PublicKey.create(keys.publicKey)).rawData);
    expect(parsed.publicKey.export({ type: 'spki', format: 'der' }).equals(key)).toBe(true);
    expect(isHostCertificate(certificateInfo(parsed))).toBe(true);
    expect(userOf(certificateInfo(parsed))).toBeUndefined();
  });

  it('are refused to a request that is malformed, not signed with its key, or on another kind of key', async () => {
    const ca = await testCa();
    const { csr } = await newCsr('h');
    const der = Buffer.from(csr.replaceAll(/-----.*-----|\s/g, ''), 'base64');
    // The last bytes are the signature's.
    der[der.length - 3] = (der[der.length - 3] ?? 0) ^ 0xff;
    const forged = x509.PemConverter.encode(new Uint8Array(der), 'CERTIFICATE REQUEST');
    await expect(issueHostCertificate(ca, forged, 'h', NOW)).rejects.toThrow(
      /not signed with the key that it names/,
    );
    for (const text of ['', 'nonsense', csr.slice(0, 200)]) {
      await expect(readCsr(text)).rejects.toMatchObject({ code: 'bad_request' });
    }
    const algorithm = { name: 'ECDSA', namedCurve: 'P-384' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const other = await x509.Pkcs10CertificateRequestGenerator.create({
      name: [{ CN: ['h'] }],
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      keys,
    });
    await expect(readCsr(other.toString('pem'))).rejects.toThrow(/its key is ECDSA P-384/);
  });
});

describe('user certificates', () => {
  it('carry user and role', async () => {
    const ca = await testCa();
    const { certificate, key } = await issueUserCertificate(ca, { name: 'ann', role: 'operator' }, NOW);
    const parsed = new X509Certificate(certificate);
    expect(parsed.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(userOf(certificateInfo(parsed))).toEqual({ user: 'ann', role: 'operator' });
    expect(isHostCertificate(certificateInfo(parsed))).toBe(false);
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('stand for nobody where the role is none, or the name is given twice', async () => {
    const info = certificateInfo(
      (await issueUserCertificate(await testCa(), { name: 'ann', role: 'viewer' }, NOW)).certificate,
    );
    expect(userOf({ ...info, organizationalUnit: 'emperor' })).toBeUndefined();
    expect(userOf({ ...info, commonName: '' })).toBeUndefined();
    const keys = await newKeys();
    const twice = await x509.X509CertificateGenerator.createSelfSigned({
      name: [{ CN: ['ann'] }, { CN: ['root'] }, { OU: ['admin'] }],
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    });
    expect(userOf(certificateInfo(twice.toString('pem')))).toBeUndefined();
  });
});

it('gives every certificate a serial number of its own, and the same fingerprint as OpenSSL', async () => {
  const ca = await testCa();
  const serials = new Set<string>();
  for (let n = 0; n < 20; n++) {
    const { certificate } = await issueUserCertificate(ca, { name: 'ann', role: 'viewer' }, NOW);
    const parsed = new X509Certificate(certificate);
    expect(parsed.serialNumber).toHaveLength(32);
    serials.add(parsed.serialNumber);
    expect(fingerprintOf(certificate)).toBe(parsed.fingerprint256.replaceAll(':', '').toLowerCase());
  }
  expect(serials.size).toBe(20);
});

it('is taken by TLS on both sides, and only for what each certificate is for', async () => {
  const ca = await testCa(Date.now());
  const server = await issueServerCertificate(ca, [], Date.now());
  const user = await issueUserCertificate(ca, { name: 'ann', role: 'viewer' }, Date.now());
  const listen = async (pair: typeof server) => {
    const listener = tls.createServer({
      cert: pair.certificate,
      key: pair.key,
      ca: ca.certificate,
      requestCert: true,
    });
    listener.on('tlsClientError', () => undefined);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return { listener, port: (listener.address() as AddressInfo).port };
  };
  const dial = (port: number, pair: typeof server) =>
    tls.connect({
      port,
      host: '127.0.0.1',
      ca: ca.certificate,
      cert: pair.certificate,
      key: pair.key,
      servername: MANAGER_NAME,
    });
  const good = await listen(server);
  const accepted = once(good.listener, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const socket = dial(good.port, user);
  const [peer] = await accepted;
  expect(peer.authorized).toBe(true);
  socket.destroy();
  good.listener.close();
  // A user cannot stand for the manager.
  const bad = await listen(user);
  const [error] = await once(dial(bad.port, user), 'error').catch((thrown) => [thrown]);
  expect(String(error.code)).toMatch(/INVALID_PURPOSE|UNABLE_TO_VERIFY|ALTNAME/);
  bad.listener.close();
});
