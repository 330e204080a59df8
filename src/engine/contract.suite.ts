import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { openEvents } from './events.ts';

type Inspect = {
  Id: string;
  Name: string;
  State: { Status: string; ExitCode: number };
  Config: { Hostname: string };
};
type Event = { Type: string; Action: string; Actor: { ID: string }; timeNano: number };

const uniqueName = () => `contract-${randomBytes(6).toString('hex')}`;

/** What every implementation of `Engine` must do. `open` gives an engine that has the image `busybox`. */
export function engineContract(name: string, open: () => Promise<Engine>): void {
  describe(`engine contract: ${name}`, () => {
    const create = async (engine: Engine, spec: object, wanted = uniqueName()) => {
      const body = { Image: 'busybox', ...spec };
      const { Id } = await engine.json<{ Id: string }>(
        'POST',
        `/v1.41/containers/create?name=${wanted}`,
        body,
      );
      return { id: Id, name: wanted, remove: () => engine.json('DELETE', `/containers/${Id}?force=1`) };
    };

    it('answers requests as raw HTTP', async () => {
      const engine = await open();
      const answer = await engine.request({ method: 'GET', path: '/_ping' });
      expect(answer.status).toBe(200);
      expect(await text(answer.body)).toBe('OK');
      engine.close();
    });

    it("throws the engine's own status and message", async () => {
      const engine = await open();
      await expect(engine.json('GET', '/containers/nobody/json')).rejects.toMatchObject({
        code: 'engine',
        status: 404,
        message: 'No such container: nobody',
      });
      engine.close();
    });

    it('passes an error through unread where it is asked raw', async () => {
      const engine = await open();
      const answer = await engine.request({ method: 'GET', path: '/images/no-such-image/json' });
      expect(answer.status).toBe(404);
      expect(JSON.parse(await text(answer.body))).toMatchObject({
        message: expect.stringContaining('No such image'),
      });
      engine.close();
    });

    it('takes a container through its life', async () => {
      const engine = await open();
      const made = await create(engine, { Cmd: ['sleep', '1000'], StopTimeout: 0 });
      const status = async () =>
        (await engine.json<Inspect>('GET', `/containers/${made.id}/json`)).State.Status;
      const act = (verb: string) => engine.json('POST', `/containers/${made.id}/${verb}`);
      expect(await status()).toBe('created');
      expect(await act('start')).toBeUndefined();
      expect(await status()).toBe('running');
      // 304 is no error.
      expect(await act('start')).toBeUndefined();
      await act('pause');
      expect(await status()).toBe('paused');
      await act('unpause');
      await act('restart?t=0');
      expect(await status()).toBe('running');
      await expect(engine.json('DELETE', `/containers/${made.id}`)).rejects.toMatchObject({ status: 409 });
      await act('stop?t=0');
      expect(await status()).toBe('exited');
      await made.remove();
      await expect(status()).rejects.toMatchObject({ status: 404 });
      engine.close();
    });

    it('finds containers by name and by label, stopped ones with all=1', async () => {
      const engine = await open();
      const mark = uniqueName();
      const made = await create(engine, { Cmd: ['sleep', '1000'], Labels: { mark } });
      const filters = encodeURIComponent(JSON.stringify({ label: [`mark=${mark}`] }));
      const ids = async (query: string) =>
        (await engine.json<{ Id: string }[]>('GET', `/containers/json?${query}`)).map(({ Id }) => Id);
      expect(await ids(`all=1&filters=${filters}`)).toEqual([made.id]);
      expect(await ids(`filters=${filters}`)).toEqual([]);
      expect((await engine.json<Inspect>('GET', `/containers/${made.name}/json`)).Id).toBe(made.id);
      await made.remove();
      engine.close();
    });

    it('refuses a name in use with 409 and says who holds it', async () => {
      const engine = await open();
      const made = await create(engine, { Cmd: ['true'] });
      await expect(create(engine, { Cmd: ['true'] }, made.name)).rejects.toMatchObject({
        code: 'engine',
        status: 409,
        message: expect.stringContaining(made.id),
      });
      await made.remove();
      engine.close();
    });

    it('streams events in order and gives past ones with since', async () => {
      const engine = await open();
      const stop = new AbortController();
      const stream = await openEvents(engine, { signal: stop.signal });
      const made = await create(engine, { Cmd: ['true'] });
      await engine.json('POST', `/containers/${made.id}/start`);
      const seen: Event[] = [];
      const lines: string[] = [];
      for await (const { value, text: line } of stream) {
        const event = value as Event;
        if (event.Type !== 'container' || event.Actor.ID !== made.id) continue;
        seen.push(event);
        lines.push(line);
        if (event.Action === 'die') break;
      }
      stop.abort();
      expect(seen.map(({ Action }) => Action)).toEqual(['create', 'start', 'die']);
      const nano = /"timeNano":(\d+)/.exec(lines[1] ?? '')?.[1] ?? '';
      const since = `${nano.slice(0, -9)}.${nano.slice(-9)}`;
      const again = new AbortController();
      for await (const { text: line } of await openEvents(engine, { since, signal: again.signal })) {
        if (!line.includes(made.id)) continue;
        expect(line).toBe(lines[1]);
        break;
      }
      again.abort();
      await made.remove();
      engine.close();
    });

    it('ends the event stream when the signal fires', async () => {
      const engine = await open();
      const stop = new AbortController();
      const stream = await openEvents(engine, { signal: stop.signal });
      setTimeout(() => stop.abort(), 20);
      await expect(
        (async () => {
          for await (const line of stream) void line;
          throw new Error('ended');
        })(),
      ).rejects.toThrow();
      engine.close();
    });

    it('carries both directions of an attached container, with half-close', async () => {
      const engine = await open();
      const made = await create(engine, {
        Cmd: ['cat'],
        OpenStdin: true,
        StdinOnce: true,
        AttachStdin: true,
        AttachStdout: true,
      });
      const attached = await engine.upgrade({
        method: 'POST',
        path: `/v1.41/containers/${made.id}/attach?stream=1&stdin=1&stdout=1`,
      });
      if (attached.kind !== 'upgraded') throw new Error(`answered with ${attached.status}`);
      await engine.json('POST', `/containers/${made.id}/start`);
      const payload = Buffer.alloc(300_000, 'berth');
      attached.stream.end(payload);
      const output = unframed(await bytes(attached.stream));
      expect(output.equals(payload)).toBe(true);
      await made.remove();
      engine.close();
    });

    it('answers an upgrade which the engine refuses in plain HTTP', async () => {
      const engine = await open();
      const answer = await engine.upgrade({ method: 'POST', path: '/containers/nobody/attach?stream=1' });
      if (answer.kind !== 'response') throw new Error('upgraded');
      expect(answer.status).toBe(404);
      expect(await text(answer.body)).toContain('No such container');
      engine.close();
    });

    it('makes, finds and removes networks and volumes', async () => {
      const engine = await open();
      const wanted = uniqueName();
      const { Id } = await engine.json<{ Id: string }>('POST', '/networks/create', {
        Name: wanted,
        CheckDuplicate: true,
        Labels: { a: 'b' },
      });
      expect(await engine.json('GET', `/networks/${wanted}`)).toMatchObject({ Id, Labels: { a: 'b' } });
      await expect(
        engine.json('POST', '/networks/create', { Name: wanted, CheckDuplicate: true }),
      ).rejects.toMatchObject({ status: 409 });
      await engine.json('DELETE', `/networks/${Id}`);
      await expect(engine.json('GET', `/networks/${wanted}`)).rejects.toMatchObject({ status: 404 });
      await engine.json('POST', '/volumes/create', { Name: wanted, Labels: { a: 'b' } });
      expect(await engine.json('GET', `/volumes/${wanted}`)).toMatchObject({
        Name: wanted,
        Labels: { a: 'b' },
      });
      const { Volumes } = await engine.json<{ Volumes: { Name: string }[] }>('GET', '/volumes');
      expect(Volumes.map(({ Name }) => Name)).toContain(wanted);
      await engine.json('DELETE', `/volumes/${wanted}`);
      await expect(engine.json('GET', `/volumes/${wanted}`)).rejects.toMatchObject({ status: 404 });
      engine.close();
    });

    it('takes a request body as a stream', async () => {
      const engine = await open();
      const body = Readable.from([Buffer.from('{"Image":'), Buffer.from('"busybox","Cmd":["true"]}')]);
      const answer = await engine.request({
        method: 'POST',
        path: `/containers/create?name=${uniqueName()}`,
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(201);
      const { Id } = JSON.parse(await text(answer.body)) as { Id: string };
      await engine.json('DELETE', `/containers/${Id}`);
      engine.close();
    });

    it('says who it is', async () => {
      const engine = await open();
      expect(await engine.json('GET', '/info')).toMatchObject({
        ID: expect.any(String),
        NCPU: expect.any(Number),
        MemTotal: expect.any(Number),
      });
      expect(await engine.json('GET', '/version')).toMatchObject({
        ApiVersion: expect.stringMatching(/^1\.\d+$/),
      });
      engine.close();
    });
  });
}

async function bytes(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

async function text(stream: Readable): Promise<string> {
  return (await bytes(stream)).toString('utf8');
}

/** The payload of Docker's multiplexed stream, all of it standard output. */
function unframed(data: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    expect(data[at]).toBe(1);
    const length = data.readUInt32BE(at + 4);
    parts.push(data.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts);
}
