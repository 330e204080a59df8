import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import type { InsideJob } from '../../network/inside/look-inside.ts';
import { lookFrom } from './container-look.ts';

const inspected = (more: { running?: boolean; mode?: string; sandbox?: string } = {}) => {
  const { running = true, mode = 'shop', sandbox = '/run/docker/netns/1' } = more;
  return {
    ...{ Name: '/web', State: { Running: running }, HostConfig: { NetworkMode: mode } },
    ...{ ResolvConfPath: '/var/lib/docker/web/resolv.conf', NetworkSettings: { SandboxKey: sandbox } },
  };
};

function host(containers: Readonly<Record<string, object>>) {
  const looks: { path: string; job: InsideJob }[] = [];
  const deps = {
    engine: {
      json: async <T>(_: string, path: string) => {
        const found = containers[path.split('/')[2] ?? ''];
        if (found === undefined) throw new BerthError('engine', 'No such container', { status: 404 });
        return found as T;
      },
    },
    look: async (path: string, job: InsideJob) => {
      looks.push({ path, job });
      return { dialed: [], listening: [] };
    },
    read: async (path: string) =>
      path.includes('web') ? 'search x\nnameserver 127.0.0.11\noptions ndots:0\n' : '',
  };
  return { deps, looks, ask: (question: unknown) => lookFrom(deps, question, new AbortController().signal) };
}

describe('a look from within a container', () => {
  it('is had in its network, with the name servers that it has', async () => {
    const { looks, ask } = host({ e1: inspected() });
    const dial = { address: '10.1.0.3', ports: [80] };
    expect(await ask({ container: 'e1', name: 'db', dial })).toEqual({ dialed: [], listening: [] });
    expect(looks).toEqual([
      {
        path: '/run/docker/netns/1',
        job: { name: 'db', dial, servers: ['127.0.0.11'], ms: expect.any(Number) },
      },
    ]);
  });

  it('reads no more of the name servers’ file than such a file has, whatever the container has written to it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'berth-look-'));
    const file = join(folder, 'resolv.conf');
    await writeFile(file, 'nameserver 10.1.0.1\n');
    // Half of it would be more than a string may have.
    await truncate(file, 2 ** 31);
    const { deps, looks } = host({ e1: { ...inspected(), ResolvConfPath: file } });
    const question = { container: 'e1', name: 'db' };
    await lookFrom({ engine: deps.engine, look: deps.look }, question, new AbortController().signal);
    await rm(folder, { recursive: true });
    expect(looks[0]?.job.servers).toEqual(['10.1.0.1']);
  });

  it('is had in another one’s network where that is what it has', async () => {
    const { looks, ask } = host({
      e1: inspected({ mode: 'container:e2', sandbox: '' }),
      e2: inspected({ sandbox: '/run/docker/netns/2' }),
    });
    await ask({ container: 'e1' });
    expect(looks[0]?.path).toBe('/run/docker/netns/2');
  });

  it('is not had of what does not run, is not there, or has no network of its own', async () => {
    const { looks, ask } = host({
      down: inspected({ running: false }),
      odd: inspected({ sandbox: '' }),
      loop: inspected({ mode: 'container:loop', sandbox: '' }),
    });
    await expect(ask({ container: 'down' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(ask({ container: 'odd' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(ask({ container: 'loop' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(ask({ container: 'none' })).rejects.toMatchObject({ status: 404 });
    await expect(ask({ container: '' })).rejects.toMatchObject({ code: 'bad_request' });
    const shell = { address: '$(reboot)', ports: [80] };
    await expect(ask({ container: 'odd', dial: shell })).rejects.toMatchObject({ code: 'bad_request' });
    expect(looks).toEqual([]);
  });
});
