import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bakeImage } from '../../scripts/bake-image.mjs';
import { type Lab, startLab } from '../lab/lab.ts';
import { run } from '../lab/run.ts';
import { ensureImage } from './bake.ts';

const SCRIPT = 'scripts/bake-image.mjs';

describe('test images', () => {
  let lab: Lab;
  let engine: string;

  beforeAll(async () => {
    lab = await startLab({ hosts: 1, join: false });
    engine = lab.host('h1').engine;
  });
  afterAll(async () => {
    await lab?.down();
  });

  it('busybox has a shell and its applets in the usual places', async () => {
    expect(await ensureImage('busybox', engine)).toBe('busybox:latest');
    const script = 'echo $0; id -u nobody; ls -ld /tmp; /usr/bin/env true && wget --help 2>&1 | head -1';
    const said = await lab.docker(['run', '--rm', 'busybox', '/bin/sh', '-c', script], 'h1');
    expect(said).toMatch(/^\/bin\/sh\n65534\ndrwxrwxrwt.*\nBusyBox v/);
  });

  it('looks names up, and reaches them, from a container', async () => {
    const lookup = ['run', '--rm', '--add-host', 'nearby:127.0.0.1', 'busybox', 'ping', '-c', '1', 'nearby'];
    expect(await lab.docker(lookup, 'h1')).toContain('1 packets received');
  });

  it('is not loaded again into an engine that has it, and is the same image on each', async () => {
    const id = await lab.docker(['image', 'inspect', '--format', '{{.Id}}', 'busybox'], 'h1');
    await lab.docker(['rmi', 'busybox'], 'h1');
    await run([process.execPath, SCRIPT, 'busybox', '--host', engine]);
    await run([process.execPath, SCRIPT, 'busybox', '--host', engine]);
    expect(await lab.docker(['image', 'inspect', '--format', '{{.Id}}', 'busybox'], 'h1')).toBe(id);
  });

  it('a Dockerfile’s image is built on a Debian base once, then comes from the cache', async () => {
    const tag = await ensureImage('net-tools', engine);
    expect(tag).toBe('berth-test/net-tools:latest');
    expect(await lab.docker(['run', '--rm', tag, 'cat', '/etc/debian_version'], 'h1')).toMatch(/^12\./);
    // Whoever builds an image again gets another ID.
    const id = () => lab.docker(['image', 'inspect', '--format', '{{.Id}}', tag], 'h1');
    const built = await id();
    await lab.docker(['rmi', tag], 'h1');
    await ensureImage('net-tools', engine);
    expect(await id()).toBe(built);
    expect(await lab.docker(['run', '--rm', '--net=none', tag, 'ip', 'link'], 'h1')).toContain('LOOPBACK');
  }, 600_000);

  it('keeps archives where BERTH_CACHE says, and makes each once', () => {
    const cache = mkdtempSync(join(tmpdir(), 'berth-cache-'));
    const before = process.env.BERTH_CACHE;
    process.env.BERTH_CACHE = cache;
    try {
      const first = bakeImage('busybox');
      const written = statSync(first.archive).mtimeMs;
      expect(readdirSync(join(cache, 'images'))).toHaveLength(1);
      expect(bakeImage('busybox')).toEqual(first);
      expect(statSync(first.archive).mtimeMs).toBe(written);
    } finally {
      if (before === undefined) delete process.env.BERTH_CACHE;
      else process.env.BERTH_CACHE = before;
      rmSync(cache, { recursive: true });
    }
  });

  it('names an image that it cannot make', async () => {
    await expect(ensureImage('nosuch', engine)).rejects.toThrow('there is no test image "nosuch"');
    await expect(run([process.execPath, SCRIPT, 'nosuch'])).rejects.toThrow(
      'there is no recipe for image "nosuch"',
    );
  });
});
