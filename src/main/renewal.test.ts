import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../kit/logger.ts';
import { type ClusterPki, openClusterPki } from '../link/index.ts';
import { keepCertificate } from './renewal.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-renewal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('keepCertificate', () => {
  it('serves with a new certificate once an address has come, and leaves a good one alone', async () => {
    const names = ['10.0.0.1'];
    const open = () => openClusterPki(folder, { clusterId: 'c', names, now: Date.now() });
    const first = await open();
    const used: ClusterPki[] = [];
    let opened = 0;
    const stop = keepCertificate({
      open: async () => {
        opened += 1;
        return open();
      },
      use: (pki) => used.push(pki),
      logger: silentLogger,
      everyMs: 5,
    });
    await expect.poll(() => opened).toBeGreaterThan(2);
    expect(used).toEqual([]);
    names.push('10.0.0.2');
    await expect.poll(() => used.length).toBe(1);
    expect(used[0]?.server.certificate).not.toBe(first.server.certificate);
    expect(used[0]?.ca.certificate).toBe(first.ca.certificate);
    stop();
  });
});
