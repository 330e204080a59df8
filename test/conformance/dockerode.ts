import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker, { type ContainerCreateOptions } from 'dockerode';
import { expect } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { FOREVER } from './bench.ts';
import { program } from './program.ts';

/** dockerode against the lab's cluster; containers that it made are removed by `cleanUp`. */
export class NodeBench {
  readonly docker: Docker;
  readonly tag = `cf-node-${randomBytes(3).toString('hex')}`;

  constructor(readonly lab: Lab) {
    this.docker = new Docker({ socketPath: lab.endpoint.replace('unix://', '') });
  }

  create(options: ContainerCreateOptions = {}): Promise<Docker.Container> {
    const labels = { cf: this.tag, ...options.Labels };
    return this.docker.createContainer({ Image: 'busybox', Cmd: [...FOREVER], ...options, Labels: labels });
  }

  async started(options: ContainerCreateOptions = {}): Promise<Docker.Container> {
    const container = await this.create(options);
    await container.start();
    return container;
  }

  async cleanUp(): Promise<void> {
    const filters = { label: [`cf=${this.tag}`] };
    const left = await this.docker.listContainers({ all: true, filters });
    await Promise.all(left.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true, v: true })));
  }

  async close(): Promise<void> {
    await this.cleanUp();
  }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

/** stdout and stderr of a stream that carries both. */
async function demultiplexed(docker: Docker, stream: Duplex): Promise<{ out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  const both = Promise.all([text(out), text(err)]);
  await once(stream, 'end');
  out.end();
  err.end();
  const [one, two] = await both;
  return { out: one, err: two };
}

interface NodeCase {
  readonly call: string;
  run(bench: NodeBench): Promise<void>;
}

/** A tar of a Dockerfile, in base64, by a shell without input of anyone. */
const BUILD_CONTEXT =
  'd=$(mktemp -d); printf "FROM busybox\\nRUN true\\n" > $d/Dockerfile; tar cf - -C $d Dockerfile | base64; rm -r $d';

/** What programs use dockerode for. */
export const DOCKERODE_CASES: readonly NodeCase[] = [
  {
    call: 'ping, version, info, df',
    async run({ docker }) {
      expect(String(await docker.ping())).toBe('OK');
      expect((await docker.version()).Version).toContain('berth');
      expect(await docker.info()).toMatchObject({ Name: 'berth' });
      expect(await docker.df()).toHaveProperty('LayersSize');
    },
  },
  {
    call: 'run',
    async run(bench) {
      const out = new PassThrough();
      const said = text(out);
      const options = { Labels: { cf: bench.tag } };
      const [{ StatusCode }] = await bench.docker.run(
        'busybox',
        ['sh', '-c', 'echo ran; exit 2'],
        out,
        options,
      );
      out.end();
      expect(StatusCode).toBe(2);
      expect(await said).toContain('ran');
    },
  },
  {
    call: 'createContainer, start, pause, unpause, restart, rename, kill, wait, remove',
    async run(bench) {
      const container = await bench.create();
      const status = async () => (await container.inspect()).State.Status;
      await container.start();
      expect(await status()).toBe('running');
      await container.pause();
      expect(await status()).toBe('paused');
      await container.unpause();
      await container.restart();
      expect(await status()).toBe('running');
      await container.rename({ name: `${bench.tag}-new` });
      expect((await bench.docker.getContainer(`${bench.tag}-new`).inspect()).Id).toBe(container.id);
      await container.kill();
      expect(await container.wait()).toMatchObject({ StatusCode: 137 });
      await container.remove();
      await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
    },
  },
  {
    call: 'listContainers, listImages, listNetworks, listVolumes',
    async run(bench) {
      const container = await bench.started();
      const [seen] = await bench.docker.listContainers({ filters: { label: [`cf=${bench.tag}`] } });
      expect(seen).toMatchObject({ Id: container.id, State: 'running' });
      const images = await bench.docker.listImages({ filters: { reference: ['busybox:latest'] } });
      expect(images).toHaveLength(1);
      expect((await bench.docker.listNetworks()).map(({ Name }) => Name)).toContain('h1/bridge');
      expect(await bench.docker.listVolumes()).toHaveProperty('Volumes');
    },
  },
  {
    call: 'logs (follow)',
    async run(bench) {
      const container = await bench.started({
        Cmd: ['sh', '-c', 'echo one; sleep 0.3; echo two'],
        Tty: true,
      });
      const logs = await container.logs({ follow: true, stdout: true });
      expect((await text(logs)).replaceAll('\r', '')).toBe('one\ntwo\n');
    },
  },
  {
    call: 'exec (hijack, stdin, half-close)',
    async run(bench) {
      const container = await bench.started();
      const Cmd = ['sh', '-c', 'cat; echo done >&2; exit 6'];
      const exec = await container.exec({ Cmd, AttachStdin: true, AttachStdout: true, AttachStderr: true });
      const stream = await exec.start({ hijack: true, stdin: true });
      stream.write('over there\n');
      stream.end();
      expect(await demultiplexed(bench.docker, stream)).toEqual({ out: 'over there\n', err: 'done\n' });
      await expect.poll(() => exec.inspect()).toMatchObject({ ExitCode: 6, Running: false });
    },
  },
  {
    call: 'exec (tty, resize)',
    async run(bench) {
      const container = await bench.started();
      const options = { AttachStdin: true, AttachStdout: true, Tty: true };
      const exec = await container.exec({ ...options, Cmd: ['sh', '-c', 'read x; stty size'] });
      const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
      await exec.resize({ h: 21, w: 77 });
      stream.write('go\n');
      expect(await text(stream)).toContain('21 77');
    },
  },
  {
    call: 'attach (hijack)',
    async run(bench) {
      const container = await bench.create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true });
      const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true });
      await container.start();
      stream.write('echoed\n');
      stream.end();
      expect(await demultiplexed(bench.docker, stream as Duplex)).toMatchObject({ out: 'echoed\n' });
    },
  },
  {
    call: 'putArchive, getArchive, export, changes, top, stats',
    async run(bench) {
      const container = await bench.started();
      const archive = await program(['sh', '-c', 'cd /etc && tar cf - hostname | base64']);
      await container.putArchive(Buffer.from(archive, 'base64'), { path: '/tmp' });
      expect(await text(await container.getArchive({ path: '/tmp/hostname' }))).toContain('hostname');
      expect(await container.changes()).toContainEqual({ Path: '/tmp/hostname', Kind: 1 });
      expect((await container.top()).Processes[0]?.join(' ')).toContain('sh');
      expect(await container.stats({ stream: false })).toMatchObject({ id: container.id });
      expect((await text(await container.export())).length).toBeGreaterThan(1_000_000);
    },
  },
  {
    call: 'buildImage, tag, getImage.get, loadImage, remove',
    async run(bench) {
      const tar = await program(['sh', '-c', BUILD_CONTEXT]);
      const build = await bench.docker.buildImage(Readable.from([Buffer.from(tar, 'base64')]), {
        t: bench.tag,
      });
      await new Promise((done, failed) =>
        bench.docker.modem.followProgress(build, (error) => (error ? failed(error) : done(undefined))),
      );
      const image = bench.docker.getImage(bench.tag);
      await image.tag({ repo: bench.tag, tag: 'two' });
      const saved = (await image.get()) as Readable;
      const parts = await saved.toArray();
      await image.remove({ force: true });
      const load = await bench.docker.loadImage(Readable.from(parts));
      expect(await text(load)).toContain(bench.tag);
      await bench.docker.getImage(bench.tag).remove();
      await bench.docker.getImage(`${bench.tag}:two`).remove();
    },
  },
  {
    call: 'createNetwork, connect, disconnect, createVolume, remove',
    async run(bench) {
      const network = await bench.docker.createNetwork({ Name: bench.tag });
      const container = await bench.started();
      await network.connect({ Container: container.id });
      expect((await network.inspect()).Containers).toHaveProperty(container.id);
      await network.disconnect({ Container: container.id });
      await network.remove();
      await bench.docker.createVolume({ Name: bench.tag });
      await bench.docker.getVolume(bench.tag).remove();
    },
  },
  {
    call: 'getEvents',
    async run(bench) {
      const events = (await bench.docker.getEvents({ filters: { label: [`cf=${bench.tag}`] } })) as Readable;
      await sleep(200);
      const container = await bench.started();
      let seen = '';
      for await (const part of events) {
        seen += part;
        if (seen.includes('"start"')) break;
      }
      expect(seen).toContain(container.id);
    },
  },
];
