import { describe, expect, it } from 'vitest';
import { ensureEngine, installed } from './docker-engine.ts';

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

  it('finds programs on the path', () => {
    expect(installed('sh', '/nonexistent:/bin')).toBe(true);
    expect(installed('sh', '/nonexistent')).toBe(false);
  });
});
