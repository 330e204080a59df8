import { randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Asked,
  type Cluster,
  type FakeAnswer,
  type FakeEngine,
  linesOf,
  newCluster,
  putContainer,
  putImages,
} from '../system/cluster.fixture.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const image = (id: string, tags: string[], created = 10) => ({
  Id: id,
  RepoTags: tags,
  Created: created,
  Size: 5,
  Labels: null,
});

let cluster: Cluster;
afterEach(() => cluster.close());

/** An engine that pulls what it is told to, and lists it from then on. */
function puller(more: (asked: Asked) => FakeAnswer | undefined = () => undefined) {
  let pulled: string | undefined;
  return (asked: Asked): FakeAnswer | undefined => {
    const special = more(asked);
    if (special !== undefined) return special;
    if (asked.path === '/images/json') return { json: pulled === undefined ? [] : [image(A, [pulled])] };
    if (asked.method === 'POST' && asked.path === '/images/create') {
      pulled = `${asked.query.get('fromImage')}:${asked.query.get('tag')}`;
      return { lines: [{ status: 'Pulling fs layer', id: 'l1' }, { status: 'Digest: sha256:1' }] };
    }
    return undefined;
  };
}
const refuses = (status: number, message: string) => (asked: Asked) =>
  asked.method === 'POST' ? { status, json: { message } } : { json: [] };

describe('pull', () => {
  it('goes to all hosts, and the next request knows the image', async () => {
    cluster = await newCluster({ h1: puller(), h2: puller() });
    const answer = await cluster.call('POST', '/v1.41/images/create?fromImage=app&tag=1', undefined, {
      'x-registry-auth': 'c2VjcmV0',
    });
    expect(answer.status).toBe(200);
    const lines = linesOf(answer);
    expect(lines).toContainEqual({ status: 'Pulling fs layer', id: 'h1 l1' });
    expect(lines).toContainEqual({ status: 'h2: Digest: sha256:1' });
    const pulls = cluster.asked.filter(({ path }) => path === '/images/create');
    expect(pulls.map(({ headers }) => headers['x-registry-auth'])).toEqual(['c2VjcmV0', 'c2VjcmV0']);
    expect(await cluster.json<unknown[]>('GET', '/images/json')).toMatchObject([
      { Id: A, RepoTags: ['app:1'] },
    ]);
  });

  it('says the engine’s words as they are where there is one host', async () => {
    cluster = await newCluster({ h1: puller() });
    expect(linesOf(await cluster.call('POST', '/images/create?fromImage=app&tag=1'))[0]).toEqual({
      status: 'Pulling fs layer',
      id: 'l1',
    });
  });

  it('has worked where one host has it, and names the one that failed', async () => {
    cluster = await newCluster({ h1: puller(), h2: refuses(500, 'no space left on device') });
    const answer = await cluster.call('POST', '/images/create?fromImage=app&tag=1');
    expect(answer.status).toBe(200);
    expect(linesOf(answer).at(-1)).toEqual({ status: 'h2: failed: no space left on device' });
    expect(linesOf(answer).some(({ error }) => error !== undefined)).toBe(false);
  });

  it('fails with the engines’ status where all refuse, and with an error line after the head', async () => {
    cluster = await newCluster({
      h1: refuses(404, 'manifest unknown'),
      h2: refuses(404, 'manifest unknown'),
    });
    const answer = await cluster.call('POST', '/images/create?fromImage=app');
    expect([answer.status, answer.text.trim()]).toEqual([404, '{"message":"manifest unknown"}']);
    await cluster.close();
    const late = () => ({
      lines: [{ status: 'Pulling' }, { errorDetail: { message: 'denied' }, error: 'denied' }],
    });
    cluster = await newCluster({ h1: late, h2: late });
    const lines = linesOf(await cluster.call('POST', '/images/create?fromImage=app'));
    expect(lines.at(-1)).toEqual({ errorDetail: { message: 'denied' }, error: 'denied' });
  });

  it('leaves out hosts that the setting, cordon or state leave out', async () => {
    cluster = await newCluster({ h1: puller(), h2: puller(), h3: puller() }, { imageHosts: 'rack==r-h2' });
    await cluster.call('POST', '/images/create?fromImage=app&tag=1');
    expect(cluster.asked.filter(({ path }) => path === '/images/create').map(({ host }) => host)).toEqual([
      'h2',
    ]);
    await cluster.store.update((tx) => {
      const host = tx.get('hosts', 'h2');
      if (host !== undefined) tx.put('hosts', { ...host, cordoned: true });
    });
    const answer = await cluster.call('POST', '/images/create?fromImage=app&tag=1');
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('no host to put the image on: 2 hosts not rack==r-h2; 1 host cordoned');
  });

  it('refuses a request that names no image', async () => {
    cluster = await newCluster({ h1: puller() });
    expect((await cluster.call('POST', '/images/create')).status).toBe(400);
    expect((await cluster.call('POST', '/images/create?fromImage=x', '{')).status).toBe(400);
  });
});

describe('import', () => {
  it('imports once and copies, so that all hosts have the same image', async () => {
    const engine = (asked: Asked): FakeAnswer | undefined => {
      if (asked.path === '/images/create') return { lines: [{ status: A }] };
      if (asked.path === '/images/get') return { json: 'the saved image' };
      if (asked.path === '/images/load') return { lines: [{ stream: 'Loaded image: app:1\n' }] };
      return { json: [] };
    };
    cluster = await newCluster({ h1: engine, h2: engine, h3: engine });
    const answer = await cluster.call('POST', '/images/create?fromSrc=-&repo=app&tag=1', Buffer.from('tar'), {
      'content-type': 'text/plain',
    });
    expect(linesOf(answer).at(-1)).toEqual({ status: A });
    const seen = cluster.asked.filter(({ path }) => path !== '/images/json');
    expect(seen.map(({ host, path }) => `${host} ${path}`).slice(0, 2)).toEqual([
      'h1 /images/create',
      'h1 /images/get',
    ]);
    expect(seen[0]?.body).toBe('tar');
    expect(seen[1]?.query.get('names')).toBe('app:1');
    const loads = seen.slice(2).map(({ host, path, body }) => `${host} ${path} ${body}`);
    expect(loads.sort()).toEqual(['h2 /images/load "the saved image"', 'h3 /images/load "the saved image"']);
  });
});

describe('load', () => {
  it('gives one upload to all hosts, at the pace of the slowest, and drops one that dies', async () => {
    cluster = await newCluster({ h1: () => undefined, h2: () => undefined, h3: () => undefined });
    const sizes: Record<string, number> = {};
    const bytes = randomBytes(8 * 1024 * 1024);
    for (const host of ['h1', 'h2']) {
      cluster.serve(host, (req, res) => {
        if (req.method === 'GET') return void res.end('[]');
        sizes[host] = 0;
        req.on('data', (part: Buffer) => {
          sizes[host] = (sizes[host] ?? 0) + part.length;
          if (host === 'h2') {
            req.pause();
            setTimeout(() => req.resume(), 1);
          }
        });
        req.on('end', () => res.end('{"stream":"Loaded image: app:1\\n"}\r\n'));
      });
    }
    cluster.serve('h3', (req) => void req.once('data', () => req.socket.destroy()));
    const answer = await cluster.call('POST', '/images/load?quiet=0', bytes, {
      'content-type': 'application/x-tar',
    });
    expect(sizes).toEqual({ h1: bytes.length, h2: bytes.length });
    const lines = linesOf(answer);
    expect(lines.filter(({ stream }) => stream === 'Loaded image: app:1\n')).toHaveLength(1);
    expect(lines.at(-1)?.status).toMatch(/^h3: failed: /);
  });

  it('fails with the engine’s words where every host refuses', async () => {
    cluster = await newCluster({ h1: refuses(500, 'no space left on device') });
    const tar = { 'content-type': 'application/x-tar' };
    const answer = await cluster.call('POST', '/images/load', 'a tar', tar);
    expect([answer.status, answer.text.trim()]).toEqual([500, '{"message":"no space left on device"}']);
  });

  it('calls what is no archive the client’s fault, as do import and build', async () => {
    const text = 'Error processing tar file(exit status 1): unexpected EOF';
    const line = { errorDetail: { message: text }, error: text };
    const engine = ({ method }: Asked) => (method === 'POST' ? { lines: [line] } : { json: [] });
    for (const hosts of [{ h1: engine }, { h1: engine, h2: engine }] as Record<string, FakeEngine>[]) {
      cluster = await newCluster(hosts);
      for (const path of ['/images/load', '/images/create?fromSrc=-', '/build']) {
        const { status, text: body } = await cluster.call('POST', path, 'junk', {
          'content-type': 'application/x-tar',
        });
        expect([path, status]).toEqual([path, 400]);
        expect(JSON.parse(body).message).toBe(`${text}: send a whole tar archive`);
      }
      await cluster.close();
    }
    cluster = await newCluster({
      h1: refuses(500, 'invalid reference format: repository name must be lowercase'),
    });
    await putImages(cluster.store, 'h1', image(A, ['app:1']));
    expect((await cluster.call('POST', '/images/app:1/tag?repo=UPPER')).status).toBe(400);
  });
});

describe('save, push, history, inspect', () => {
  const engine = (asked: Asked): FakeAnswer => ({
    json: { Id: A, host: asked.host, path: asked.path, RepoTags: ['app:1'] },
  });

  it('asks a host that has the image', async () => {
    cluster = await newCluster({ h1: engine, h2: engine });
    await putImages(cluster.store, 'h2', image(A, ['reg:5000/team/app:1', 'app:1']));
    expect(await cluster.json('GET', '/images/reg:5000/team/app:1/json')).toMatchObject({
      host: 'h2',
      path: `/images/${A}/json`,
      RepoTags: ['app:1', 'reg:5000/team/app:1'],
    });
    expect(await cluster.json('GET', '/images/app:1/history')).toMatchObject({ host: 'h2' });
    expect(await cluster.json('GET', '/images/app:1/get')).toMatchObject({
      host: 'h2',
      path: '/images/app:1/get',
    });
    await cluster.call('POST', '/images/reg:5000/team/app/push?tag=1');
    expect(cluster.asked.at(-1)).toMatchObject({ host: 'h2', path: '/images/reg:5000/team/app/push' });
  });

  it('pushes all tags of a repository, each from where it is', async () => {
    cluster = await newCluster({ h1: engine, h2: engine });
    await putImages(cluster.store, 'h1', image(A, ['reg:5000/app:1', 'reg:5000/application:1']));
    await putImages(cluster.store, 'h2', image(B, ['reg:5000/app:2']));
    await cluster.call('POST', '/images/reg:5000/app/push');
    const pushes = cluster.asked.filter(({ path }) => path.endsWith('/push'));
    expect(pushes.map(({ host, path, query }) => `${host} ${path} ${query.get('tag')}`)).toEqual([
      'h1 /images/reg:5000/app/push 1',
      'h2 /images/reg:5000/app/push 2',
    ]);
    const none = await cluster.call('POST', '/images/none/push');
    expect([none.status, none.text]).toEqual([404, expect.stringContaining('does not exist locally')]);
  });

  it('saves several from a host that has all, or says where they are', async () => {
    cluster = await newCluster({ h1: engine, h2: engine });
    await putImages(cluster.store, 'h1', image(A, ['a:1']));
    await putImages(cluster.store, 'h2', image(A, ['a:1']), image(B, ['b:1']));
    expect(await cluster.json('GET', '/images/get?names=a:1&names=b:1')).toMatchObject({ host: 'h2' });
    await putImages(cluster.store, 'h1', image(`sha256:${'c'.repeat(64)}`, ['c:1']));
    const answer = await cluster.call('GET', '/images/get?names=b:1&names=c:1');
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('no host has all of these images: b:1 is on h2; c:1 is on h1');
  });

  it('says that there is none, and that its host is away', async () => {
    cluster = await newCluster({ h1: () => undefined, h2: () => undefined });
    const none = await cluster.call('GET', '/images/nope/json');
    expect([none.status, none.text.trim()]).toEqual([404, '{"message":"No such image: nope:latest"}']);
    await putImages(cluster.store, 'h2', image(A, ['app:1']));
    cluster.cut('h2');
    const away = await cluster.call('GET', '/images/app:1/json');
    expect(away.status).toBe(503);
    expect(away.text).toContain('image app:1 is only on h2, which is not connected');
  });
});

describe('tag and remove', () => {
  it('tags on every host that has it', async () => {
    cluster = await newCluster({
      h1: () => ({ status: 201 }),
      h2: () => ({ status: 201 }),
      h3: () => ({ status: 201 }),
    });
    await putImages(cluster.store, 'h1', image(A, ['app:1']));
    await putImages(cluster.store, 'h3', image(A, ['app:1']));
    expect((await cluster.call('POST', '/images/app:1/tag?repo=app&tag=2')).status).toBe(201);
    const tags = cluster.asked.filter(({ method }) => method === 'POST');
    expect(tags.map(({ host, path }) => `${host} ${path}`).sort()).toEqual([
      `h1 /images/${A}/tag`,
      `h3 /images/${A}/tag`,
    ]);
    expect((await cluster.call('POST', '/images/app:1/tag')).status).toBe(400);
  });

  it('removes everywhere and joins the answers', async () => {
    const engine = () => {
      let left = true;
      return ({ method, path }: Asked) => {
        if (path === '/images/json') return { json: [] };
        if (method !== 'DELETE' || !left) return undefined;
        left = false;
        return { json: [{ Untagged: 'app:1' }, { Deleted: A }] };
      };
    };
    cluster = await newCluster({ h1: engine(), h2: engine() });
    await putImages(cluster.store, 'h1', image(A, ['app:1']));
    await putImages(cluster.store, 'h2', image(A, ['app:1']));
    expect(await cluster.json('DELETE', '/images/app:1?force=1')).toEqual([
      { Untagged: 'app:1' },
      { Deleted: A },
    ]);
    expect(
      cluster.asked.filter(({ method }) => method === 'DELETE').map(({ query }) => query.get('force')),
    ).toEqual(['1', '1']);
    expect((await cluster.call('DELETE', '/images/app:1')).status).toBe(404);
  });

  it('removes also where it was tagged a moment ago, and no report has said so yet', async () => {
    // As an engine has it: gone once it is removed, and unknown to a host that never had it.
    const engine = (...names: string[]) => {
      const left = new Set(names);
      return ({ method, path }: Asked) => {
        if (path === '/images/json') return { json: [...left].map((name) => image(A, [name])) };
        const name = path.slice('/images/'.length);
        if (method !== 'DELETE') return undefined;
        return left.delete(name)
          ? { json: [{ Untagged: name }] }
          : { status: 404, json: { message: `No such image: ${name}` } };
      };
    };
    cluster = await newCluster({
      ...{ h1: engine('app:1', 'late:1'), h2: engine('app:1', 'late:1'), h3: engine() },
    });
    await putImages(cluster.store, 'h1', image(A, ['app:1']));
    await putImages(cluster.store, 'h2', image(A, []));
    expect(await cluster.json('DELETE', '/images/app:1')).toEqual([{ Untagged: 'app:1' }]);
    const asked = cluster.asked.filter(({ method }) => method === 'DELETE');
    expect(asked.map(({ host }) => host).sort()).toEqual(['h1', 'h2', 'h3']);
    // Nobody has said anything of this one.
    expect(await cluster.json('DELETE', '/images/late:1')).toEqual([{ Untagged: 'late:1' }]);
    expect(await cluster.json<unknown[]>('GET', '/images/json')).toEqual([]);
    const again = await cluster.call('DELETE', '/images/late:1');
    expect([again.status, again.text]).toEqual([404, expect.stringContaining('No such image: late:1')]);
  });

  it('heeds the refusal of a host that nobody knew to have it, and names one that gives no answer', async () => {
    const removes = ({ method }: Asked) =>
      method === 'DELETE' ? { json: [{ Untagged: 'app:1' }] } : { json: [] };
    const says =
      (status: number) =>
      ({ method }: Asked) =>
        method === 'DELETE' ? { status, json: { message: 'it is in use' } } : { json: [] };
    cluster = await newCluster({ h1: removes, h2: says(409) });
    await putImages(cluster.store, 'h1', image(A, ['app:1']));
    const refused = await cluster.call('DELETE', '/images/app:1');
    expect([refused.status, JSON.parse(refused.text).message]).toEqual([
      409,
      'it is in use (host h2; removed from h1)',
    ]);
    await cluster.close();
    cluster = await newCluster({ h1: removes, h2: removes });
    cluster.serve('h2', (req) => req.socket.destroy());
    await putImages(cluster.store, 'h1', image(A, ['app:1']));
    const answer = await cluster.call('DELETE', '/images/app:1');
    expect([answer.status, answer.headers.warning]).toEqual([200, expect.stringContaining('host h2')]);
  });

  it('keeps an engine’s refusal, with cluster IDs, and says where it is gone', async () => {
    const id = 'e'.repeat(64);
    cluster = await newCluster({
      h1: ({ method }) => (method === 'DELETE' ? { json: [{ Untagged: 'app:1' }] } : { json: [] }),
      h2: ({ method }) =>
        method === 'DELETE'
          ? { status: 409, json: { message: `conflict: container ${id.slice(0, 12)} is using it` } }
          : { json: [] },
    });
    await putContainer(cluster.store, 'h2', id, { clusterId: 'f'.repeat(64) });
    await putImages(cluster.store, 'h1', image(A, ['app:1']));
    await putImages(cluster.store, 'h2', image(A, ['app:1']));
    const answer = await cluster.call('DELETE', '/images/app:1');
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.text).message).toBe(
      `conflict: container ${'f'.repeat(12)} is using it (host h2; removed from h1)`,
    );
  });

  it('prunes on all hosts and adds up', async () => {
    const engine = (asked: Asked) =>
      asked.path === '/images/prune'
        ? { json: { ImagesDeleted: [{ Deleted: A }], SpaceReclaimed: 7 } }
        : { json: [] };
    cluster = await newCluster({ h1: engine, h2: engine });
    expect(await cluster.json('POST', '/images/prune')).toEqual({
      ImagesDeleted: [{ Deleted: A }],
      SpaceReclaimed: 14,
    });
    expect((await cluster.call('POST', '/images/prune?filters={"x":["y"]}')).status).toBe(400);
  });
});

describe('build', () => {
  it('takes expressions out of the arguments, and builds where the placer says', async () => {
    const engine = (asked: Asked) =>
      asked.path === '/build'
        ? { lines: [{ stream: 'Successfully built aaa\n' }] }
        : { json: [image(A, ['app:1'])] };
    cluster = await newCluster({ h1: engine, h2: engine });
    cluster.choose('h2');
    const args = encodeURIComponent(JSON.stringify({ 'constraint:rack': '=r1', KEY: 'v', EMPTY: null }));
    const answer = await cluster.call('POST', `/build?t=app:1&buildargs=${args}`, 'a context', {
      'content-type': 'application/x-tar',
      'x-registry-config': 'e30=',
    });
    expect(linesOf(answer)).toEqual([{ stream: 'Successfully built aaa\n' }]);
    const build = cluster.asked.find(({ path }) => path === '/build');
    expect(build).toMatchObject({ host: 'h2', body: 'a context' });
    expect(build?.headers['x-registry-config']).toBe('e30=');
    expect(JSON.parse(build?.query.get('buildargs') ?? '')).toEqual({ KEY: 'v', EMPTY: null });
    expect(cluster.placed[0]?.spec.Labels).toEqual({ 'com.docker.swarm.constraints': '["rack==r1"]' });
    // At once, before any agent has reported it.
    expect(await cluster.json<unknown[]>('GET', '/images/json')).toHaveLength(1);
  });

  it('keeps the engine’s refusals: before the head as a status, after it as a line', async () => {
    cluster = await newCluster({ h1: refuses(400, 'dockerfile parse error line 1: unknown instruction: X') });
    const early = await cluster.call('POST', '/build', 'x');
    expect([early.status, JSON.parse(early.text).message]).toEqual([
      400,
      'dockerfile parse error line 1: unknown instruction: X',
    ]);
    await cluster.close();
    const line = {
      errorDetail: { code: 2, message: 'returned a non-zero code: 2' },
      error: 'returned a non-zero code: 2',
    };
    cluster = await newCluster({ h1: () => ({ lines: [{ stream: 'Step 1' }, line] }) });
    expect(linesOf(await cluster.call('POST', '/build', 'x')).at(-1)).toEqual(line);
  });

  it('says that the host was lost in the middle', async () => {
    cluster = await newCluster({ h1: () => undefined });
    cluster.serve('h1', (_, res) => {
      res.write('{"stream":"Step 1"}\r\n');
      setTimeout(() => res.destroy(), 20);
    });
    const [, line] = linesOf(await cluster.call('POST', '/build', 'x'));
    expect(String(line?.error)).toContain('the host was lost in the middle');
  });

  it('cancels on the host that builds', async () => {
    cluster = await newCluster({ h1: () => ({ status: 200 }), h2: () => ({ json: [] }) });
    let finish: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      cluster.serve('h1', (req, res) => {
        if (req.url?.includes('/build/cancel')) {
          res.end();
          finish();
          return;
        }
        if (req.method === 'GET') return void res.end('[]');
        finish = () => res.end();
        resolve();
      });
    });
    const build = cluster.call('POST', '/build?buildid=b1', 'x');
    await reached;
    expect((await cluster.call('POST', '/build/cancel?id=b1')).status).toBe(204);
    await build;
    expect((await cluster.call('POST', '/build/cancel?id=b1')).status).toBe(404);
    expect((await cluster.call('POST', '/build/cancel')).status).toBe(400);
  });

  it('refuses arguments that are none', async () => {
    cluster = await newCluster({ h1: () => undefined });
    expect((await cluster.call('POST', '/build?buildargs={', 'x')).status).toBe(400);
    expect((await cluster.call('POST', '/build?buildargs={"A":1}', 'x')).status).toBe(400);
  });

  it('sends one user’s BuildKit connections to one host', async () => {
    cluster = await newCluster({ h1: () => undefined, h2: () => undefined });
    const engine = createServer();
    const asked: string[] = [];
    engine.on('upgrade', (req, socket) => {
      asked.push(`${req.url} ${req.headers.upgrade} ${req.headers['x-docker-expose-session-uuid']}`);
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nhello');
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
    const { port } = engine.address() as AddressInfo;
    const { engines } = cluster.deps;
    const hosts: string[] = [];
    const upgrade: typeof engines.upgrade = (hostId, { path, headers }) => {
      hosts.push(hostId);
      return new Promise((resolve) => {
        request({ port, path, method: 'POST', headers: { ...headers, connection: 'Upgrade' } })
          .on('upgrade', (res, stream, head) => {
            stream.unshift(head);
            resolve({ kind: 'upgraded', headers: res.headers, stream });
          })
          .end();
      });
    };
    Object.assign(engines, { upgrade });
    const talk = (path: string) =>
      new Promise<string>((resolve) => {
        request({
          ...{ port: cluster.port, path, method: 'POST' },
          headers: { connection: 'Upgrade', upgrade: 'h2c', 'x-docker-expose-session-uuid': 's1' },
        })
          .on('upgrade', (_, socket, head) => {
            let text = head.toString();
            socket.write('ping');
            socket.on('data', (part: Buffer) => {
              text += part.toString();
              if (text.endsWith('ping')) {
                socket.destroy();
                resolve(text);
              }
            });
          })
          .end();
      });
    expect(await talk('/v1.41/session')).toBe('helloping');
    cluster.choose('h2');
    expect(await talk('/grpc')).toBe('helloping');
    expect(asked).toEqual(['/v1.41/session h2c s1', '/v1.41/grpc h2c s1']);
    expect(hosts).toEqual(['h1', 'h1']);
    expect((await cluster.call('POST', '/grpc')).status).toBe(400);
    engine.close();
  });
});
