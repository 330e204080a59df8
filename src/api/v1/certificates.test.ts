import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCa, issueRouterCertificate, openCa } from '../../link/index.ts';
import { certificatePurpose } from '../../model/certificate.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

const DAY = 86_400_000;
let api: ApiFixture;
let ca: Awaited<ReturnType<typeof openCa>>;
beforeAll(async () => {
  api = await startApi();
  ca = await openCa(await createCa('test', api.clock.time));
});
afterAll(() => api.close());

const make = (names: string[], at = api.clock.time) => issueRouterCertificate(ca, names, at);
const put = (name: string, chain: string, key: string) =>
  api.root.call('certificate.put', { certificate: name, chain, key });

describe('a certificate', () => {
  it('is kept sealed, is never answered with its key, and goes', async () => {
    const { certificate, key } = await make(['shop.example.com', '*.shop.example.com']);
    const made = await put('shop', `text before\n${certificate}${ca.certificate}`, key);
    expect(made).toMatchObject({
      ...{ name: 'shop', source: 'upload', createdBy: 'root' },
      domains: ['shop.example.com', '*.shop.example.com'],
      shown: {
        fingerprint: new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase(),
      },
    });
    const record = api.store.view((tx) => tx.get('certificates', 'shop'));
    const told = JSON.stringify([
      made,
      record,
      await api.root.call('certificate.list'),
      await api.root.call('audit.list', {}),
    ]);
    const secret = key.split('\n')[1] ?? '?';
    expect(told).not.toContain(secret);
    const opened = api.deps.vault.vault
      .open(record?.sealed ?? '', certificatePurpose({ name: 'shop' }))
      .toString();
    expect(opened.match(/BEGIN [A-Z ]+/g)).toEqual([
      'BEGIN CERTIFICATE',
      'BEGIN CERTIFICATE',
      'BEGIN PRIVATE KEY',
    ]);
    await api.root.call('certificate.delete', { certificate: 'shop' });
    await expect(api.root.call('certificate.delete', { certificate: 'shop' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('is put in place of another one by nobody who has not seen that one', async () => {
    const [mine, theirs] = [await make(['mine.example.com']), await make(['theirs.example.com'])];
    const seen = (was: string | null) =>
      api.root.call('certificate.put', {
        ...{ certificate: 'both', chain: mine.certificate, key: mine.key, was },
      });
    const made = await put('both', theirs.certificate, theirs.key);
    await expect(seen(null)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(
        'certificate both is of root by now, for theirs.example.com, good until 20',
      ),
    });
    expect((await seen(made.shown?.fingerprint ?? '')).domains).toEqual(['mine.example.com']);
    await api.root.call('certificate.delete', { certificate: 'both' });
    await expect(seen('0'.repeat(64))).rejects.toMatchObject({
      message: 'certificate both was taken away',
    });
  });

  it('is refused for what clients would not believe, without a word of the key', async () => {
    const one = await make(['a.com']);
    const other = await make(['b.com']);
    const ended = await make(['a.com'], api.clock.time - 400 * DAY);
    const later = await make(['a.com'], api.clock.time + 3 * DAY);
    for (const [chain, key, message] of [
      ['nothing', one.key, /no certificate in the chain/],
      [one.certificate, 'nothing', /key cannot be read/],
      [one.certificate, other.key, /belongs to another certificate/],
      [
        one.certificate + other.certificate,
        one.key,
        /certificate 1 of the chain is not signed by the one behind it/,
      ],
      [ca.certificate + one.certificate, one.key, /belongs to another/],
      [ended.certificate, ended.key, /has ended/],
      [later.certificate, later.key, /not valid before/],
      [one.certificate.replace(/[A-Za-z]{8}\n/, '\n'), one.key, /cannot be read/],
    ] as const) {
      const refused = await put('bad', chain, key).catch((thrown: Error) => thrown);
      expect(refused).toMatchObject({ code: 'bad_request', message: expect.stringMatching(message) });
      expect(String(refused)).not.toContain(one.key.split('\n')[1]);
    }
    await expect(put('berth-cluster', one.certificate, one.key)).rejects.toMatchObject({
      code: 'bad_request',
    });
  });
});

describe('a certificate by ACME', () => {
  const issue = (domains: string[], name?: string) =>
    api.root.call('certificate.issue', { domains, ...(name === undefined ? {} : { name }) });

  it('is not asked for before somebody has agreed to the terms, nor for a wildcard', async () => {
    await expect(issue(['a.com'])).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('nobody has agreed to the terms'),
    });
    await expect(issue(['*.a.com'])).rejects.toMatchObject({ code: 'bad_request' });
    await api.root.call('settings.patch', { acmeTermsAgreed: true });
  });

  it('is written down as it is wanted, listed before it is there, and goes', async () => {
    const made = await issue(['a.com', 'b.com', 'a.com']);
    expect(made).toMatchObject({
      ...{ name: 'a.com', source: 'acme', domains: ['a.com', 'b.com'], worry: '', createdBy: 'root' },
      acme: { wantedBy: 'command', ordered: false, failures: 0, nextAt: 0 },
    });
    expect(made.shown).toBe(undefined);
    const { certificates } = await api.root.call('certificate.list');
    expect(certificates.map(({ name }) => name)).toEqual(['a.com']);
    const { certificate, key } = await make(['a.com']);
    await expect(put('a.com', certificate, key)).rejects.toMatchObject({
      code: 'conflict',
      message: 'certificate a.com is had by ACME',
    });
    await put('mine', certificate, key);
    await expect(issue(['c.com'], 'mine')).rejects.toMatchObject({ code: 'conflict' });
    for (const name of ['a.com', 'mine']) await api.root.call('certificate.delete', { certificate: name });
  });

  it('is left alone while its CA says so, and where routes want it', async () => {
    await issue(['a.com']);
    const record = () => api.store.view((tx) => tx.get('acmeCertificates', 'a.com'));
    const change = (more: object) =>
      api.store.update((tx) => {
        const known = record();
        if (known !== undefined) tx.put('acmeCertificates', { ...known, ...more });
      });
    const failed = { failures: 3, error: 'too many -> wait', retryAt: api.clock.time + 60_000 };
    await change({ ...failed, limited: true });
    await expect(issue(['a.com'])).rejects.toMatchObject({
      code: 'too_many_requests',
      message: expect.stringContaining('too many -> wait'),
    });
    expect((await api.root.call('certificate.list')).certificates[0]?.worry).toBe(
      'certificate a.com is not issued: too many -> wait',
    );
    await change({ ...failed, limited: false, wantedBy: 'routes' });
    await expect(api.root.call('certificate.delete', { certificate: 'a.com' })).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('berth.routing.tls'),
    });
    await issue(['a.com']);
    expect(record()).toMatchObject({ wantedBy: 'command', failures: 0, retryAt: 0 });
    await api.root.call('certificate.delete', { certificate: 'a.com' });
  });
});
