import { expect } from 'vitest';
import type { CaseGroup } from '../case.ts';

/** Networks and volumes. */
export const OBJECT_CASES: CaseGroup = {
  title: 'Networks and volumes',
  cases: [
    {
      command: 'docker network create',
      differs:
        'a bridge lives on one host: it is made where its first container goes, and holds its later containers there. `docker network create NODE/NAME` names the host.',
      async run(bench) {
        const name = bench.name('network');
        const id = await bench.run(['network', 'create', '--subnet', '10.98.7.0/24', '-o', 'a=b', name]);
        expect(id).toMatch(/^[0-9a-f]{64}$/);
        expect((await bench.try(['network', 'create', name])).stderr).toContain('already exists');
        const first = await bench.container([
          '--network',
          name,
          '--ip',
          '10.98.7.9',
          '-e',
          'constraint:node==h2',
        ]);
        expect(await bench.inspect(first, `{{(index .NetworkSettings.Networks "${name}").IPAddress}}`)).toBe(
          '10.98.7.9',
        );
        const second = await bench.container(['--network', name]);
        expect(await bench.inspect(second, '{{.Node.Name}}')).toBe('h2');
        expect(await bench.run(['exec', second, 'ping', '-c', '1', first])).toContain('1 packets received');
      },
    },
    {
      command: 'docker network create -d overlay',
      differs: 'it is a network of the cluster’s own driver, which spans hosts, and shows that one’s name.',
      async run(bench) {
        const name = bench.name('network');
        await bench.run(['network', 'create', '-d', 'overlay', name]);
        expect(await bench.run(['network', 'inspect', '-f', '{{.Driver}} {{.Scope}}', name])).toBe(
          'xoverlay global',
        );
      },
    },
    {
      command: 'docker network ls',
      differs: 'networks that a host has of its own are listed as `NODE/NAME`.',
      async run(bench) {
        const name = bench.name('network');
        await bench.run(['network', 'create', '--label', `cf=${bench.tag}`, name]);
        const list = (...args: string[]) =>
          bench.run(['network', 'ls', '--format', '{{.Name}} {{.Driver}}', ...args]);
        expect(await list('--filter', `label=cf=${bench.tag}`)).toBe(`${name} bridge`);
        expect((await list()).split('\n')).toEqual(
          expect.arrayContaining(['h1/bridge bridge', 'h3/none null']),
        );
        expect(await list('--filter', `name=${name}`, '--filter', 'driver=host')).toBe('');
      },
    },
    {
      command: 'docker network inspect',
      async run(bench) {
        const name = bench.name('network');
        await bench.run(['network', 'create', name]);
        expect(JSON.parse(await bench.run(['network', 'inspect', name]))).toMatchObject([
          { Name: name, Driver: 'bridge' },
        ]);
        const user = await bench.container(['--network', name]);
        const id = await bench.inspect(user, '{{.Id}}');
        const [seen] = JSON.parse(await bench.run(['network', 'inspect', name]));
        expect(seen.Containers[id]).toMatchObject({ Name: user });
        expect((await bench.try(['network', 'inspect', 'no-such'])).stderr).toMatch(
          /no such network|not found/i,
        );
      },
    },
    {
      command: 'docker network connect, docker network disconnect',
      async run(bench) {
        const [name, user] = [bench.name('network'), await bench.container()];
        await bench.run(['network', 'create', name]);
        await bench.run(['network', 'connect', '--alias', 'other', name, user]);
        const aliases = `{{(index .NetworkSettings.Networks "${name}").Aliases}}`;
        expect(await bench.inspect(user, aliases)).toContain('other');
        await bench.run(['network', 'disconnect', name, user]);
        expect(await bench.inspect(user, '{{json .NetworkSettings.Networks}}')).not.toContain(name);
      },
    },
    {
      command: 'docker network rm',
      async run(bench) {
        const name = bench.name('network');
        await bench.run(['network', 'create', name]);
        const user = await bench.container(['--network', name]);
        expect((await bench.try(['network', 'rm', name])).stderr).toMatch(/active endpoints/);
        await bench.run(['rm', '-f', user]);
        expect(await bench.run(['network', 'rm', name])).toBe(name);
        expect((await bench.try(['network', 'rm', name])).code).toBe(1);
      },
    },
    {
      command: 'docker network prune',
      async run(bench) {
        const name = bench.name('network');
        await bench.run(['network', 'create', '--label', `prune=${bench.tag}`, name]);
        const out = await bench.run(['network', 'prune', '-f', '--filter', `label=prune=${bench.tag}`]);
        expect(out).toContain(name);
        expect((await bench.try(['network', 'inspect', name])).code).toBe(1);
      },
    },
    {
      command: 'docker volume create',
      differs:
        'a local volume lives on one host: it is made where its first container goes, and holds its later containers there. `docker volume create NODE/NAME` names the host.',
      async run(bench) {
        const name = bench.name('volume');
        expect(await bench.run(['volume', 'create', '--label', 'a=b', name])).toBe(name);
        const write = ['run', '--rm', '-v', `${name}:/data`, '-e', 'constraint:node==h3', 'busybox'];
        await bench.run([...write, 'sh', '-c', 'echo kept > /data/word']);
        expect(await bench.run(['run', '--rm', '-v', `${name}:/data`, 'busybox', 'cat', '/data/word'])).toBe(
          'kept',
        );
        const { engine } = bench.lab.host('h3');
        expect(await bench.run(['-H', engine, 'volume', 'inspect', '-f', '{{.Labels.a}}', name])).toBe('b');
      },
    },
    {
      command: 'docker volume ls',
      differs: 'volumes that a host has of its own are listed as `NODE/NAME`.',
      async run(bench) {
        const [name, own] = [bench.name('volume'), bench.name('volume')];
        await bench.run(['volume', 'create', '--label', `cf=${bench.tag}`, name]);
        expect(await bench.run(['volume', 'ls', '-q', '--filter', `label=cf=${bench.tag}`])).toBe(name);
        await bench.run(['-H', bench.lab.host('h1').engine, 'volume', 'create', own]);
        await expect
          .poll(() => bench.run(['volume', 'ls', '-q', '--filter', `name=${own}`]), { timeout: 60_000 })
          .toBe(`h1/${own}`);
      },
    },
    {
      command: 'docker volume inspect',
      async run(bench) {
        const name = bench.name('volume');
        await bench.container(['-v', `${name}:/data`]);
        expect(JSON.parse(await bench.run(['volume', 'inspect', name]))).toMatchObject([
          { Name: name, Driver: 'local', Mountpoint: expect.stringContaining(`/${name}/_data`) },
        ]);
        expect((await bench.try(['volume', 'inspect', 'no-such'])).stderr).toMatch(/no such volume/i);
      },
    },
    {
      command: 'docker volume rm',
      async run(bench) {
        const name = bench.name('volume');
        const user = await bench.container(['-v', `${name}:/data`]);
        expect((await bench.try(['volume', 'rm', name])).stderr).toMatch(/volume is in use/);
        await bench.run(['rm', '-f', user]);
        expect(await bench.run(['volume', 'rm', name])).toBe(name);
        expect((await bench.try(['volume', 'inspect', name])).code).toBe(1);
      },
    },
    {
      command: 'docker volume prune',
      async run(bench) {
        const name = bench.name('volume');
        await bench.run(['volume', 'create', '--label', `prune=${bench.tag}`, name]);
        const out = await bench.run(['volume', 'prune', '-f', '--filter', `label=prune=${bench.tag}`]);
        expect(out).toContain(name);
        expect((await bench.try(['volume', 'inspect', name])).code).toBe(1);
      },
    },
    {
      command: 'docker volume update',
      from: 23,
      differs:
        'the CLI refuses it below API version 1.42: it is for cluster volumes of Docker’s swarm mode, which Berth does not use.',
      async run(bench) {
        const name = bench.name('volume');
        await bench.run(['volume', 'create', name]);
        const { code, stderr } = await bench.try(['volume', 'update', '--availability', 'drain', name]);
        expect([code, stderr]).toEqual([1, expect.stringMatching(/1\.42|swarm/)]);
      },
    },
  ],
};
