import { describe, expect, it } from 'vitest';
import { ensureEngine, installed, isEngineAt } from './docker-engine.ts';

const options = {
  url: 'unix:///nowhere/docker.sock',
  install: false,
  ping: () => Promise.reject(new Error('ENOENT')),
  say: () => {},
  path: '/nonexistent',
  logFile: '/dev/null',
  pidFile: '/dev/null',
};

describe('ensureEngine', () => {
  it('does nothing where the engine answers', async () => {
    await ensureEngine({ ...options, ping: () => Promise.resolve() });
  });

  it('installs nothing where that is forbidden, and says how to go on', async () => {
    await expect(ensureEngine(options)).rejects.toMatchObject({
      message: 'this host has no Docker Engine',
      hint: expect.stringContaining('--no-install'),
    });
  });

  it('starts no engine at an address of another machine', async () => {
    await expect(ensureEngine({ ...options, url: 'tcp://127.0.0.1:1' })).rejects.toThrow(
      'no Docker Engine answers at tcp',
    );
  });

  it.each([
    ['dockerd --host unix:///run/a.sock', true],
    ['/usr/sbin/dockerd -H=unix:///run/a.sock', true],
    ['dockerd -H tcp://0.0.0.0:2375 -H unix:///run/a.sock', true],
    ['dockerd --host=unix:///run/b.sock', false],
    ['dockerd', false],
    ['berth agent --engine unix:///run/a.sock', false],
  ])('tells the engine that is starting there: %s', (line, is) => {
    expect(isEngineAt(line.split(' '), 'unix:///run/a.sock')).toBe(is);
    expect(isEngineAt(['dockerd', '-D'], 'unix:///var/run/docker.sock')).toBe(true);
  });

  it('finds programs on the path', () => {
    expect(installed('sh', '/nonexistent:/bin')).toBe(true);
    expect(installed('sh', '/nonexistent')).toBe(false);
  });
});
