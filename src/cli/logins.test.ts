import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configPath, findLogin, readConfig, writeConfig } from './logins.ts';
import { tempDir } from './testing/run.ts';

const login = { host: 'https://h:8443', ca: 'PEM', token: 't', user: 'ada' };

describe('config file', () => {
  it('is made for its owner only, folder included', async () => {
    const path = configPath(tempDir());
    await writeConfig(path, { current: 'h', logins: { h: login } });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await readConfig(path)).toEqual({ current: 'h', logins: { h: login } });
  });

  it('becomes private again where somebody had opened it', async () => {
    const path = configPath(tempDir());
    await writeConfig(path, { logins: {} });
    chmodSync(path, 0o644);
    await writeConfig(path, { logins: { h: login } });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps the old one where writing breaks off, and leaves no draft', async () => {
    const path = configPath(tempDir());
    await writeConfig(path, { logins: { h: login } });
    const before = readFileSync(path, 'utf8');
    const torn = { logins: { h: { ...login, token: 1n as unknown as string } } };
    await expect(writeConfig(path, torn)).rejects.toThrow('BigInt');
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(dirname(path))).toEqual(['config.json']);
  });

  it('does not mind half a draft that a crash has left', async () => {
    const path = configPath(tempDir());
    await writeConfig(path, { logins: { h: login } });
    writeFileSync(`${path}.abc.new`, '{"logins": {"h": {"ho');
    expect((await readConfig(path)).logins).toEqual({ h: login });
  });

  it('is never a mixture of two that are written at once', async () => {
    const path = configPath(tempDir());
    const configs = Array.from({ length: 8 }, (_, at) => ({
      logins: { h: { ...login, token: String(at).repeat(20_000) } },
    }));
    await Promise.all(configs.map((config) => writeConfig(path, config)));
    expect(configs).toContainEqual(await readConfig(path));
  });

  it.each(['', '{"logins": {"h": {"ho', '[]', '{"logins": {"h": 1}}'])(
    'says what to do where it is "%s"',
    async (text) => {
      const path = configPath(tempDir());
      mkdirSync(dirname(path));
      writeFileSync(path, text);
      await expect(readConfig(path)).rejects.toMatchObject({
        code: 'internal',
        hint: expect.stringContaining('log in'),
      });
    },
  );

  it('keeps what a newer program wrote', async () => {
    const path = configPath(tempDir());
    mkdirSync(dirname(path));
    writeFileSync(path, '{"theme": "dark"}');
    await writeConfig(path, await readConfig(path));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ theme: 'dark', logins: {} });
  });

  it('is not there at first', async () => {
    expect(await readConfig(join(tempDir(), 'none'))).toEqual({ logins: {} });
  });
});

it('finds a log-in by its name or its address', () => {
  const config = { logins: { prod: login } };
  expect(findLogin(config, 'prod')).toEqual(['prod', login]);
  expect(findLogin(config, 'h')).toEqual(['prod', login]);
  expect(findLogin(config, 'https://h:8443/')).toEqual(['prod', login]);
  expect(findLogin(config, 'constructor')).toBeUndefined();
  expect(findLogin(config, 'https://h:9443')).toBeUndefined();
});
