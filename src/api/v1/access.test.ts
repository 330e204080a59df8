import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SETTINGS_KEY } from '../../store/index.ts';
import { firstRun } from '../auth/first-run.ts';
import { type ApiFixture, startApi } from './api.fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.close());

const login = (password: string, user = 'admin') => api.client().call('session.login', { user, password });
/** What the audit log says, oldest first: `action target outcome`. */
const audited = async () => {
  const { entries } = await api.root.call('audit.list', { limit: 1000 });
  return entries
    .toReversed()
    .map((entry) => `${entry.user} ${entry.action} ${entry.target}: ${entry.outcome}`);
};

describe('the first run', () => {
  it('makes one admin and one cluster, and only once', async () => {
    const settings = api.store.view((tx) => tx.get('settings', SETTINGS_KEY));
    expect(api.adminPassword).toMatch(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    const again = await firstRun(api.store, 5);
    expect(again).toEqual({ clusterId: settings?.clusterId });
  });
});

describe('log-in', () => {
  it('gives a token that is the user until log-out', async () => {
    const { token, role, expiresAt } = await login(api.adminPassword);
    expect(role).toBe('admin');
    expect(expiresAt).toBeGreaterThan(api.clock.time);
    const client = api.client(token);
    expect(await client.call('session.whoami')).toEqual({ user: 'admin', role: 'admin', via: 'api' });
    await client.call('session.logout');
    await expect(client.call('session.whoami')).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(JSON.stringify(api.store.view((tx) => [...tx.all('apiTokens')]))).not.toContain(token);
  });

  it('ends by itself', async () => {
    const { token, expiresAt } = await login(api.adminPassword);
    api.clock.time = expiresAt;
    await expect(api.client(token).call('session.whoami')).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('ended at'),
    });
  });

  it('says the same of a wrong password and of a user that is not there, and writes both down', async () => {
    const wrong = await login('not the password').catch((thrown) => thrown);
    const nobody = await login('not the password', 'nobody').catch((thrown) => thrown);
    expect(wrong).toMatchObject({ code: 'unauthenticated' });
    expect(nobody.message.replace('nobody', 'admin')).toBe(wrong.message);
    expect(await audited()).toEqual([
      'admin session.login admin: user "admin" or the password is wrong',
      'nobody session.login nobody: user "nobody" or the password is wrong',
    ]);
  });

  it('is locked for who guesses with a stolen token as well', async () => {
    await api.root.call('user.create', { name: 'ann', role: 'viewer', password: 'first password' });
    const ann = api.client((await login('first password', 'ann')).token);
    const guess = (current: string) =>
      ann.call('user.password', { user: 'ann', password: 'second password', current }).then(
        () => 'ok',
        (thrown) => thrown.code,
      );
    const codes = await Promise.all(Array.from({ length: 12 }, (_, i) => guess(`guess ${i}`)));
    expect(codes.filter((code) => code === 'too_many_requests')).toHaveLength(7);
    expect(await guess('first password')).toBe('too_many_requests');
    api.clock.time += 15_000;
    expect(await guess('first password')).toBe('ok');
  });

  it('locks out whoever guesses, also many at once, and lets go again', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => login('guess')));
    const codes = tries.map((one) => (one.status === 'rejected' ? one.reason.code : 'in'));
    expect(codes.filter((code) => code === 'unauthenticated')).toHaveLength(5);
    expect(codes.filter((code) => code === 'too_many_requests')).toHaveLength(7);
    await expect(login(api.adminPassword)).rejects.toMatchObject({
      code: 'too_many_requests',
      hint: expect.stringMatching(/try again in \d+ s/),
    });
    api.clock.time += 15_000;
    expect((await login(api.adminPassword)).user).toBe('admin');
  });
});

describe('users', () => {
  it('are made, change role and password, and go', async () => {
    const made = await api.root.call('user.create', { name: 'ann', role: 'operator' });
    expect(made.password).toBeDefined();
    const { token } = await login(made.password ?? '', 'ann');
    expect((await api.client(token).call('session.whoami')).role).toBe('operator');

    await api.root.call('user.role', { user: 'ann', role: 'viewer' });
    expect((await api.client(token).call('session.whoami')).role).toBe('viewer');
    // Who has seen another role is told, and changes nothing.
    await expect(
      api.root.call('user.role', { user: 'ann', role: 'admin', was: 'operator' }),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('"operator" -> "viewer"') });
    expect((await api.client(token).call('session.whoami')).role).toBe('viewer');

    await api.root.call('user.password', { user: 'ann', password: 'a longer password' });
    await expect(api.client(token).call('session.whoami')).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(login(made.password ?? '', 'ann')).rejects.toMatchObject({ code: 'unauthenticated' });
    const again = await login('a longer password', 'ann');

    await api.root.call('user.delete', { user: 'ann' });
    await expect(api.client(again.token).call('session.whoami')).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    const { users } = await api.root.call('user.list');
    expect(users.map((user) => user.name)).toEqual(['admin', 'the-admin', 'the-operator', 'the-viewer']);
    expect(JSON.stringify(users)).not.toMatch(/hash|scrypt/i);
    expect(await audited()).toContain('root user.remove ann: ok');
  });

  it('have names of their own, also when two are made at once', async () => {
    const make = () => api.root.call('user.create', { name: 'ann', role: 'viewer' });
    const both = await Promise.allSettled([make(), make()]);
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(make()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('"ann"'),
    });
    await expect(api.root.call('user.create', { name: 'Ann Smith', role: 'viewer' })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('"Ann Smith"'),
    });
    await expect(
      api.root.call('user.create', { name: 'bob', role: 'viewer', password: 'short' }),
    ).rejects.toMatchObject({
      message: '"password": a password has at least 10 characters',
    });
  });

  it('keep an admin', async () => {
    await api.root.call('user.delete', { user: 'the-admin' });
    for (const attempt of [
      api.root.call('user.delete', { user: 'admin' }),
      api.root.call('user.role', { user: 'admin', role: 'operator' }),
    ])
      await expect(attempt).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('last admin'),
      });
  });

  it('set their own password only with the one until now', async () => {
    await api.root.call('user.create', { name: 'ann', role: 'viewer', password: 'first password' });
    const ann = api.client((await login('first password', 'ann')).token);
    const change = (user: string, current: string) =>
      ann.call('user.password', { user, password: 'second password', current });
    await expect(change('ann', 'wrong')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(change('admin', 'first password')).rejects.toMatchObject({ code: 'forbidden' });
    await change('ann', 'first password');
    expect((await login('second password', 'ann')).user).toBe('ann');
  });
});

describe('API tokens', () => {
  it('stand for their user with a role that is not above its own', async () => {
    const operator = api.client(api.tokens.operator);
    await expect(operator.call('apiToken.create', { name: 'ci', role: 'admin' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(operator.call('apiToken.create', { name: 'ci', user: 'admin' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const made = await operator.call('apiToken.create', { name: 'ci', role: 'viewer', ttlSeconds: 60 });
    expect(made).toMatchObject({ user: 'the-operator', role: 'viewer', session: false });
    expect(made.token).toMatch(/^berth_api_[\w-]{43}$/);
    const weak = api.client(made.token);
    expect((await weak.call('session.whoami')).role).toBe('viewer');
    // A token cannot make itself a stronger one.
    expect((await weak.call('apiToken.create', { name: 'child' })).role).toBe('viewer');
    await expect(weak.call('apiToken.create', { name: 'child', role: 'operator' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    api.clock.time += 60_000;
    await expect(weak.call('session.whoami')).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('are listed and removed by their owner and by admins', async () => {
    const viewer = api.client(api.tokens.viewer);
    const made = await viewer.call('apiToken.create', { name: 'mine' });
    const operator = api.client(api.tokens.operator);
    expect((await operator.call('apiToken.list')).tokens.map((token) => token.name)).toEqual(['test']);
    await expect(operator.call('apiToken.list', { all: true })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(operator.call('apiToken.delete', { id: made.id })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect((await viewer.call('apiToken.list')).tokens).toHaveLength(2);
    await api.root.call('apiToken.delete', { id: made.id });
    await expect(api.client(made.token).call('session.whoami')).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('made by root on the socket are for the first user', async () => {
    const made = await api.root.call('apiToken.create', { name: 'robot' });
    expect(made).toMatchObject({ user: 'admin', role: 'admin' });
  });
});

describe('a bundle', () => {
  it('has the user and the role in a certificate of the cluster, and the key to it', async () => {
    const bundle = await api.client(api.tokens.operator).call('bundle.create');
    const certificate = new X509Certificate(bundle.cert);
    expect(certificate.subject.split('\n').sort()).toEqual(['CN=the-operator', 'OU=operator']);
    expect(certificate.verify(new X509Certificate(bundle.ca).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(bundle.key))).toBe(true);
    expect(bundle).toMatchObject({
      user: 'the-operator',
      role: 'operator',
      dockerHost: 'tcp://127.0.0.1:2376',
    });
    expect(bundle.expiresAt).toBe(Date.parse(certificate.validTo));
  });

  it('is made for others by admins only', async () => {
    const viewer = api.client(api.tokens.viewer);
    await expect(viewer.call('bundle.create', { user: 'admin' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect((await api.root.call('bundle.create', { user: 'the-viewer' })).role).toBe('viewer');
    await expect(api.root.call('bundle.create', { user: 'nobody' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('the audit log', () => {
  it('has each change with its outcome, by whom and from where, and nothing of what was only read', async () => {
    const viewer = api.client(api.tokens.viewer);
    await viewer.call('node.list');
    await viewer.call('node.cordon', { node: 'h1' }).catch(() => undefined);
    await api.root.call('node.cordon', { node: 'h1' }).catch(() => undefined);
    const { token } = await api.root.call('token.create', {});
    const { entries } = await api.root.call('audit.list');
    expect(entries.toReversed()).toMatchObject(
      [
        {
          user: 'the-viewer',
          via: 'api',
          from: '127.0.0.1',
          action: 'node.cordon',
          target: 'h1',
          outcome: /needs admin/,
        },
        { user: 'root', via: 'socket', from: '', action: 'node.cordon', outcome: 'there is no host "h1"' },
        { user: 'root', action: 'token.create', outcome: 'ok' },
      ].map((entry) => ({
        ...entry,
        outcome: entry.outcome instanceof RegExp ? expect.stringMatching(entry.outcome) : entry.outcome,
      })),
    );
    expect(JSON.stringify(entries)).not.toContain(token.split('-')[2]);
  });

  it('is read in pages, by user, time and kind of action', async () => {
    for (let i = 0; i < 5; i++) {
      await api.root.call('token.create', { uses: i + 1 });
      api.clock.time += 1000;
    }
    await api.client(api.tokens.admin).call('apiToken.create', { name: 'x' });
    const list = (query: Parameters<typeof api.root.call<'audit.list'>>[1]) =>
      api.root.call('audit.list', query);
    const first = await list({ limit: 4 });
    expect(first.entries).toHaveLength(4);
    const second = await list({ limit: 4, cursor: first.next });
    expect(second.entries).toHaveLength(2);
    expect(second.next).toBeUndefined();
    const ids = [...first.entries, ...second.entries].map((entry) => entry.id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    expect((await list({ user: 'the-admin' })).entries).toHaveLength(1);
    expect((await list({ action: 'token.*' })).entries).toHaveLength(5);
    expect((await list({ since: api.clock.time })).entries).toHaveLength(1);
    await expect(list({ limit: 0 })).rejects.toMatchObject({
      message: expect.stringContaining('query "limit"'),
    });
    await expect(list({ since: 'yesterday' })).rejects.toMatchObject({
      message: expect.stringContaining('"yesterday" is not a whole number'),
    });
  });
});

it('shows who is locked out from where, to admins alone, and lets them in again', async () => {
  for (let i = 0; i < 5; i++) await login('wrong').catch(() => undefined);
  await expect(login(api.adminPassword)).rejects.toMatchObject({ code: 'too_many_requests' });
  const admin = async () => (await api.root.call('user.list')).users.find(({ name }) => name === 'admin');
  expect((await admin())?.locks).toEqual([{ from: '127.0.0.1', until: api.clock.time + 15_000 }]);
  const operator = api.client(api.tokens.operator);
  await expect(operator.call('user.unlock', { user: 'admin' })).rejects.toMatchObject({ code: 'forbidden' });
  await api.root.call('user.unlock', { user: 'admin' });
  const { token } = await login(api.adminPassword);
  expect((await admin())?.locks).toEqual([]);
  const { tokens } = await api.client(token).call('apiToken.list');
  expect(tokens.filter(({ current }) => current).map(({ session }) => session)).toEqual([true]);
  expect((await audited()).at(-2)).toBe('root user.unlock admin: ok');
});
