import { expect } from 'vitest';
import type { CaseGroup, CliCase } from '../case.ts';

/** A command that Berth refuses, with one line that says so. */
function unserved(command: string, args: readonly string[], says: RegExp, why: string): CliCase {
  return {
    command,
    differs: why,
    async run(bench) {
      const { code, stdout, stderr } = await bench.try(args);
      expect(code).not.toBe(0);
      expect(stdout + stderr).toMatch(says);
    },
  };
}

/** The cluster as a whole, and what it does not serve. */
export const SYSTEM_CASES: CaseGroup = {
  title: 'System',
  cases: [
    {
      command: 'docker version',
      differs:
        'the server is Berth; its version is the cluster’s oldest engine’s with Berth’s own as build metadata, which tools that compare versions understand.',
      async run(bench) {
        expect(await bench.run(['version', '-f', '{{.Server.Version}}'])).toMatch(
          /^\d+\.\d+\.\d+\+berth\.\d+\.\d+\.\d+$/,
        );
        expect(await bench.run(['version'])).toMatch(/Server: Berth/);
      },
    },
    {
      command: 'docker info',
      differs:
        'shows the cluster and each host in classic Swarm’s lines, and an active swarm, so that clients offer services; what only one engine can have (init binary, runtimes) is empty.',
      async run(bench) {
        const out = await bench.run(['info']);
        expect(out).toMatch(/^ ?Nodes: 3$/m);
        for (const { name, address } of bench.lab.hosts) expect(out).toContain(`${name}: ${address}:`);
        expect(out.match(/└ Status: Healthy/g)).toHaveLength(3);
        expect(out).toMatch(/Server Version: \d/);
        expect(out).toMatch(/Swarm: active\n[\s\S]*Is Manager: true/);
      },
    },
    {
      command: 'docker system df',
      async run(bench) {
        const name = await bench.container();
        await bench.run(['exec', name, 'sh', '-c', 'head -c 5000000 /dev/zero > /big']);
        expect(await bench.run(['system', 'df', '--format', '{{.Type}}'])).toContain('Local Volumes');
        expect(await bench.run(['system', 'df', '-v'])).toMatch(
          new RegExp(`^[0-9a-f]{12} .* 5MB .*${name}`, 'm'),
        );
      },
    },
    {
      command: 'docker system prune',
      async run(bench) {
        const label = `swept=${bench.tag}`;
        const [container, network] = [bench.name('container'), bench.name('network')];
        const id = await bench.run(['create', '--name', container, '-l', label, 'busybox']);
        await bench.run(['network', 'create', '--label', label, network]);
        const out = await bench.run(['system', 'prune', '-f', '--filter', `label=${label}`]);
        expect(out).toContain(id);
        expect(out).toContain(network);
        expect(out).toMatch(/Total reclaimed space: \S+/);
      },
    },
    {
      command: 'docker events',
      differs:
        'attributes `node.name`, `node.id`, `node.addr` and `node.ip` tell the host, as in classic Swarm.',
      async run(bench) {
        const [first, name] = [bench.name('container'), bench.name('container')];
        const format =
          '{{.Type}} {{.Action}} {{index .Actor.Attributes "node.name"}} {{index .Actor.Attributes "name"}}';
        const both = [first, name].flatMap((one) => ['--filter', `container=${one}`]);
        const live = bench.start(['events', ...both, '--format', format]);
        // It may not listen yet when the first ones come.
        const once = () => bench.run(['run', '--rm', '--name', first, 'busybox', 'true']);
        await expect.poll(() => once().then(() => live.said.stdout), { timeout: 60_000 }).toContain(first);
        await bench.run(['run', '--rm', '--name', name, '-e', 'constraint:node==h2', 'busybox', 'true']);
        await live.waitFor(`container destroy h2 ${name}\n`);
        live.kill();
        const lines = (await live.ended).stdout.trim().split('\n');
        expect(
          lines.filter((line) => line.endsWith(` ${name}`) && /create|start|die|destroy/.test(line)),
        ).toEqual([
          `container create h2 ${name}`,
          `container start h2 ${name}`,
          `container die h2 ${name}`,
          `container destroy h2 ${name}`,
        ]);
      },
    },
    {
      command: 'docker events --since, --until, --filter',
      async run(bench) {
        const from = Date.now() / 1000;
        const name = bench.name('container');
        await bench.run(['run', '--rm', '--name', name, '-l', `cf=${bench.tag}`, 'busybox', 'true']);
        const until = Math.ceil(Date.now() / 1000);
        const past = (...filters: string[]) =>
          bench.run([
            ...['events', '--since', from.toFixed(3), '--until', String(until), '--format', '{{.Action}}'],
            ...[`container=${name}`, ...filters].flatMap((filter) => ['--filter', filter]),
          ]);
        expect((await past()).split('\n')).toEqual(expect.arrayContaining(['create', 'start', 'die']));
        expect(await past('event=start', 'type=container', `label=cf=${bench.tag}`)).toBe('start');
        expect(await past('type=network')).toBe('');
      },
    },
    {
      command: 'docker context create, use, ls',
      async run(bench) {
        const none = { env: { DOCKER_HOST: undefined } };
        const host = `host=${bench.lab.endpoint}`;
        await bench.run(['context', 'create', 'cluster', '--docker', host], none);
        expect(await bench.run(['context', 'use', 'cluster'], none)).toBe('cluster');
        expect(await bench.run(['info', '--format', '{{.Name}} {{.Containers}}'], none)).toMatch(
          /^berth \d+$/,
        );
        expect(await bench.run(['context', 'ls', '--format', '{{.Name}}={{.Current}}'], none)).toContain(
          'cluster=true',
        );
        await bench.run(['context', 'use', 'default'], none);
        await bench.run(['context', 'rm', 'cluster'], none);
      },
    },
    unserved(
      'docker swarm',
      ['swarm', 'init'],
      /does not use Docker’s swarm mode: "berth token create"/,
      'refused: Berth is the cluster, and does not use Docker’s swarm mode; hosts join with `berth token create`.',
    ),
    {
      command: 'docker secret|config create, ls, inspect, rm',
      async run(bench) {
        for (const noun of ['secret', 'config']) {
          const id = await bench.run([noun, 'create', '--label', 'a=b', `x-${noun}`, '-'], {
            input: 'hunter2',
          });
          expect(id).toMatch(/^[0-9a-z]{25}$/);
          const twice = await bench.try([noun, 'create', `x-${noun}`, '-'], { input: 'x' });
          expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('already exists')]);
          expect(await bench.run([noun, 'ls', '-q', '--filter', 'label=a=b'])).toBe(id);
          expect(await bench.run([noun, 'inspect', '-f', '{{.Spec.Name}}', id])).toBe(`x-${noun}`);
          const shown = await bench.run([noun, 'inspect', '--pretty', `x-${noun}`]);
          expect(shown.includes('hunter2')).toBe(noun === 'config');
          await bench.run([noun, 'rm', `x-${noun}`]);
          expect(await bench.run([noun, 'ls', '-q'])).toBe('');
        }
      },
    },
    unserved(
      'docker plugin',
      ['plugin', 'ls'],
      /does not serve that part of Docker's "plugins" API/,
      'refused: a plugin belongs to one engine and may have rights on its host; install it on the host itself. Networks and volumes may use it.',
    ),
    unserved(
      'docker checkpoint',
      ['checkpoint', 'ls', 'some-container'],
      /only supported on a Docker daemon with experimental features/,
      'the CLI refuses it: only experimental engines have it, and the cluster is none.',
    ),
    unserved(
      'docker trust',
      ['trust', 'inspect', 'busybox'],
      /no signatures or cannot access/i,
      'asks a Notary server from the client itself; the endpoint has no part in it. There is none in the test.',
    ),
    unserved(
      'docker buildx',
      ['buildx', 'build', '.'],
      /unknown command|not a docker command|unknown flag|unknown shorthand|buildx component is missing/,
      'a plugin of the client, which the tested CLIs do not bring. Its driver `docker` uses `/session` and `/grpc`, which are served: see DOCKER_BUILDKIT=1.',
    ),
  ],
};
