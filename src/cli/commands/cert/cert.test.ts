import { describe, expect, it } from 'vitest';
import type { CertificateView } from '../../../contract/v1/certificates.ts';
import { defaultSettings } from '../../../model/settings.ts';
import { withManager } from '../../testing/run.ts';

const DAY = 86_400_000;
const now = Date.now();
const one: CertificateView = {
  ...{ name: 'shop.com', source: 'acme', domains: ['shop.com'], worry: '', createdAt: 1, createdBy: 'root' },
  shown: { notBefore: now, notAfter: now + 90.5 * DAY, fingerprint: 'f' },
  acme: { wantedBy: 'command', ordered: false, failures: 0, nextAt: now + 60 * DAY },
};
const { shown: _, ...fresh } = one;
const asked: CertificateView = {
  ...fresh,
  acme: { wantedBy: 'command', ordered: true, failures: 0, nextAt: 0 },
};
const failed: CertificateView = {
  ...asked,
  worry: 'certificate shop.com is not issued: no -> look at the DNS',
  acme: { wantedBy: 'command', ordered: false, failures: 1, nextAt: now + DAY },
};
const settings = { 'settings.get': () => ({ settings: { ...defaultSettings, routerTlsPort: 443 } }) };

describe('cert', () => {
  it('ls names ends, what comes next, and what is wrong below', async () => {
    const { berth } = await withManager({ 'certificate.list': () => ({ certificates: [one, failed] }) });
    const { stdout, stderr } = await berth(['cert', 'ls']);
    expect(stdout).toMatch(/shop\.com +acme +shop\.com +\d{4}-\d\d-\d\d \(90 days\) +renewed \d{4}/);
    expect(stdout).toMatch(/shop\.com +acme +shop\.com +not issued yet +tried again \d{4}/);
    expect(stderr).toContain('warning: certificate shop.com is not issued: no -> look at the DNS');
    expect(JSON.parse((await berth(['cert', 'inspect', 'shop.com'])).stdout)).toEqual(one);
    expect((await berth(['cert', 'inspect', 'no'])).code).toBe(3);
  });

  it.each([
    ['is there', [asked, one], 0, 'shop.com: shop.com, until '],
    ['is refused', [asked, failed], 4, ''],
  ])('issue waits until it %s', async (_name, states, code, said) => {
    let at = 0;
    const { berth, manager } = await withManager({
      ...settings,
      'certificate.issue': () => states[0] ?? one,
      'certificate.list': () => ({ certificates: [states[Math.min(++at, states.length - 1)] ?? one] }),
    });
    const result = await berth(['cert', 'issue', 'SHOP.com']);
    expect([result.code, result.stdout.startsWith(said)]).toEqual([code, true]);
    if (code !== 0) expect(result.stderr).toContain('look at the DNS');
    expect(manager.calls.find(({ name }) => name === 'certificate.issue')?.input).toEqual({
      domains: ['shop.com'],
    });
  });

  it('issue does not wait where it is told so', async () => {
    const { berth } = await withManager({ ...settings, 'certificate.issue': () => asked });
    expect((await berth(['cert', 'issue', 'shop.com', '-d'])).stdout).toContain('shop.com is asked for');
  });
});
