import { beforeEach, describe, expect, it } from 'vitest';
import type { TestClient } from '../testing/client.ts';
import { startEndpoint } from '../testing/endpoint.ts';
import type { FakeCluster } from '../testing/fake-cluster.ts';

let cluster: FakeCluster;
let client: TestClient;

beforeEach(async () => {
  const started = await startEndpoint('a');
  ({ cluster, client } = started);
  return started.close;
});

type File = { ID: string; Version: { Index: number }; Spec: { Name: string; Labels: object; Data?: string } };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const create = (noun: string, Name: string, text: string, Labels = {}) =>
  client.json<{ ID: string }>('POST', `/${noun}s/create`, { Name, Labels, Data: base64(text) }, 201);
const list = async (path: string) => (await client.json<File[]>('GET', path)).map(({ Spec }) => Spec.Name);
/** All that a disk is given, but for what is sealed. */
const written = () =>
  JSON.stringify(
    cluster.store.view((tx) => [...tx.all('keptFiles'), ...tx.all('audit'), ...tx.all('stacks')]),
  );

describe('configs and secrets', () => {
  it('are kept, listed, shown and removed; of a secret nobody is shown the content', async () => {
    const secret = await create('secret', 'token', 'hunter2', { a: 'b' });
    expect(secret.ID).toMatch(/^[0-9a-z]{25}$/);
    await create('secret', 'other', 'hunter3');
    await create('config', 'token', 'listen 80;');
    expect(await list('/secrets')).toEqual(['other', 'token']);
    expect(await list('/configs')).toEqual(['token']);
    for (const reference of ['token', secret.ID, secret.ID.slice(0, 12)]) {
      const shown = await client.json<File>('GET', `/secrets/${reference}`);
      expect(shown).toMatchObject({ ID: secret.ID, Version: { Index: 1 } });
      expect(shown.Spec).toEqual({ Name: 'token', Labels: { a: 'b' } });
    }
    const { Spec } = await client.json<File>('GET', '/configs/token');
    expect(Buffer.from(Spec.Data ?? '', 'base64').toString()).toBe('listen 80;');
    expect(written()).not.toMatch(/hunter|listen 80/);
    expect(written()).not.toContain(base64('hunter2'));
    await client.json('DELETE', '/secrets/token', undefined, 204);
    expect(await list('/secrets')).toEqual(['other']);
    expect(JSON.parse((await client.send('GET', '/secrets/token')).text)).toMatchObject({
      message: expect.stringContaining('secret token not found'),
    });
  });

  it('are found by filters', async () => {
    const { ID } = await create('secret', 'shop_a', 'x', { tier: 'web' });
    await create('secret', 'shop_b', 'y', { tier: 'db' });
    const by = (filters: object) => list(`/secrets?filters=${encodeURIComponent(JSON.stringify(filters))}`);
    expect(await by({ name: ['shop'] })).toEqual(['shop_a', 'shop_b']);
    expect(await by({ name: ['shop_b'] })).toEqual(['shop_b']);
    expect(await by({ names: ['shop'] })).toEqual([]);
    expect(await by({ id: [ID.slice(0, 5)] })).toEqual(['shop_a']);
    expect(await by({ label: ['tier=db'] })).toEqual(['shop_b']);
    expect((await client.send('GET', '/secrets?filters={"nope":["x"]}')).status).toBe(400);
  });

  it('keep name and content for good: labels alone may change, by who has seen the last change', async () => {
    const { ID } = await create('secret', 'token', 'hunter2');
    expect((await client.send('POST', '/secrets/create', { Name: 'token', Data: base64('x') })).status).toBe(
      409,
    );
    const update = (version: number, spec: object) =>
      client.send('POST', `/secrets/${ID}/update?version=${version}`, spec);
    expect((await update(1, { Name: 'token', Labels: { a: 'b' } })).status).toBe(200);
    expect((await update(1, { Name: 'token', Labels: {} })).status).toBe(409);
    expect((await client.json<File>('GET', '/secrets/token')).Spec.Labels).toEqual({ a: 'b' });
    for (const spec of [{ Name: 'other' }, { Name: 'token', Data: base64('other') }]) {
      const refused = await update(2, spec);
      expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('only updates to Labels') });
    }
    expect((await update(2, { Name: 'token', Labels: {}, Data: base64('hunter2') })).status).toBe(200);
  });

  it('keep the label by which “docker stack rm” finds them through an update', async () => {
    const labels = { 'com.docker.stack.namespace': 'shop', a: 'b' };
    for (const noun of ['secret', 'config']) {
      const { ID } = await create(noun, 'shop_token', 'hunter2', labels);
      await client.json('POST', `/${noun}s/${ID}/update?version=1`, { Name: 'shop_token', Labels: labels });
      expect((await client.json<File>('GET', `/${noun}s/${ID}`)).Spec.Labels).toEqual(labels);
    }
  });

  it('refuse what they cannot be, and repeat nothing of a content', async () => {
    const refused = async (noun: string, body: unknown) => {
      const { status, text } = await client.send('POST', `/${noun}s/create`, body);
      expect(text).not.toContain('hunter2');
      return [status, (JSON.parse(text) as { message: string }).message];
    };
    expect(await refused('secret', { Name: '', Data: 'aHVudGVyMg==' })).toEqual([
      400,
      expect.stringContaining('invalid secret name ""'),
    ]);
    expect(await refused('secret', { Name: '../x' })).toEqual([400, expect.stringContaining('"../x"')]);
    expect(await refused('secret', { Name: 'a', Data: 'hunter2!' })).toEqual([
      400,
      expect.stringContaining('in base64'),
    ]);
    expect(await refused('secret', { Name: 'a', Data: { hunter2: 1 } })).toEqual([
      400,
      expect.stringContaining('in base64'),
    ]);
    const large = { Name: 'a', Data: Buffer.alloc(500 * 1024 + 1).toString('base64') };
    expect(await refused('secret', large)).toEqual([413, expect.stringContaining('512001 bytes')]);
    expect((await client.send('POST', '/configs/create', large)).status).toBe(201);
    const driver = { Name: 'b', Data: '', Driver: { Name: 'vault' } };
    expect(await refused('secret', driver)).toEqual([501, expect.stringContaining('no driver')]);
    expect(await refused('config', { ...driver, Driver: {}, Templating: { Name: 'golang' } })).toEqual([
      501,
      expect.stringContaining('no templating'),
    ]);
  });

  it('are not removed while a service has them, nor those of a stack', async () => {
    const { ID } = await create('secret', 'token', 'hunter2');
    const file = {
      kind: 'secret',
      source: 'token',
      target: '/run/secrets/token',
      uid: '0',
      gid: '0',
      mode: 0o444,
    };
    await client.json(
      'POST',
      '/services/create',
      { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'x' } } },
      201,
    );
    await cluster.store.update((tx) => {
      for (const record of [...tx.all('services')]) {
        const files = [{ ...file, kind: 'secret' as const, file: { id: ID, name: 'token' } }];
        tx.put('services', { ...record, service: { ...record.service, files } });
      }
    });
    const refused = await client.send('DELETE', '/secrets/token');
    expect(refused).toMatchObject({ status: 409, text: expect.stringContaining('standalone/web') });
    await cluster.store.update((tx) =>
      tx.put('keptFiles', { ...kept(), id: 'x', name: 'x', stack: 'standalone' }),
    );
    expect((await client.send('DELETE', '/secrets/x')).text).toContain('of the file of stack standalone');
    function kept() {
      const [found] = cluster.store.view((tx) => [...tx.all('keptFiles')]);
      if (found === undefined) throw new Error('nothing is kept');
      return found;
    }
  });
});
