import { expect } from 'vitest';
import { until } from '../../lab/run.ts';
import { type Bench, FOREVER, TALKER } from '../bench.ts';
import type { CaseGroup } from '../case.ts';

/** A new container counts at once: the tests are quick. */
const QUICK = ['--update-monitor', '1s', '--rollback-monitor', '1s', '--no-resolve-image'];

/** Makes a service of containers that live, and waits for them as the CLI does. */
async function service(
  bench: Bench,
  flags: readonly string[] = [],
  command: readonly string[] = FOREVER,
): Promise<string> {
  const name = bench.name('service');
  await bench.run(['service', 'create', '-q', '--name', name, ...QUICK, ...flags, 'busybox', ...command]);
  return name;
}

const tasks = (bench: Bench, name: string, format = '{{.Name}} {{.CurrentState}}') =>
  bench.run(['service', 'ps', '--filter', 'desired-state=running', '--format', format, name]);

/** A stack of two services that know each other by name. */
const STACK = `
version: "3.8"
services:
  web:
    image: busybox
    command: ${JSON.stringify(FOREVER)}
    environment: {WORD: said}
    deploy: {replicas: 2, update_config: {monitor: 1s}}
  db:
    image: busybox
    command: ${JSON.stringify(FOREVER)}
    volumes: ["data:/data"]
volumes: {data: {}}
`;

/** Services, stacks and nodes, as Docker's swarm mode has them. */
export const SERVICE_CASES: CaseGroup = {
  title: 'Services',
  cases: [
    {
      command: 'docker service create, ls, ps, inspect, rm',
      differs:
        'it is a service of Berth, in the stack `standalone`; its containers are called NAME_1, NAME_2. What services of Berth do not have is refused by its name.',
      async run(bench) {
        const name = await service(bench, ['--replicas', '2', '--env', 'WORD=said', '--label', 'own=x']);
        const list = [
          'service',
          'ls',
          '--filter',
          `name=${name}`,
          '--format',
          '{{.Name}} {{.Mode}} {{.Replicas}}',
        ];
        expect(await bench.run(list)).toBe(`${name} replicated 2/2`);
        expect((await tasks(bench, name)).split('\n')).toEqual([
          expect.stringMatching(new RegExp(`^${name}\\.1 Running`)),
          expect.stringMatching(new RegExp(`^${name}\\.2 Running`)),
        ]);
        expect(await bench.run(['exec', `${name}_1`, 'sh', '-c', 'echo $WORD'])).toBe('said');
        const [seen] = JSON.parse(await bench.run(['service', 'inspect', name]));
        expect(seen.Spec).toMatchObject({ Name: name, Labels: { own: 'x' } });
        expect(await bench.run(['inspect', '-f', '{{.ID}}', name])).toBe(seen.ID);
        expect(await bench.run(['service', 'inspect', '--pretty', name])).toMatch(/Replicas:\s+2/);
        const twice = await bench.try(['service', 'create', '--name', name, ...QUICK, 'busybox']);
        expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('name conflicts')]);
        expect(await bench.run(['service', 'rm', name])).toBe(name);
        expect((await bench.try(['service', 'ps', name])).stderr).toContain(`no such service: ${name}`);
      },
    },
    {
      command: 'docker service scale, update, rollback',
      differs: 'the way back is to the last release; a number of containers alone makes none.',
      async run(bench) {
        const name = await service(bench);
        await bench.run(['service', 'scale', `${name}=3`]);
        expect((await tasks(bench, name)).split('\n')).toHaveLength(3);
        const env = `{{range .Spec.TaskTemplate.ContainerSpec.Env}}{{.}}{{end}}`;
        await bench.run(['service', 'update', '-q', '--env-add', 'A=1', '--replicas', '1', name]);
        expect(await bench.run(['service', 'inspect', '-f', env, name])).toBe('A=1');
        expect(await bench.run(['exec', `${name}_1`, 'sh', '-c', 'echo $A'])).toBe('1');
        const before = await tasks(bench, name, '{{.ID}}');
        await bench.run(['service', 'update', '-q', '--force', name]);
        expect(await tasks(bench, name, '{{.ID}}')).not.toBe(before);
        await bench.run(['service', 'rollback', '-q', '-d', name]);
        await bench.run(['service', 'rollback', '-q', '-d', name]);
        const missing = await bench.try(['service', 'update', '--secret-add', 'none', name]);
        expect(missing.code).toBe(1);
      },
    },
    {
      command: 'docker service create --secret, --config',
      async run(bench) {
        await bench.run(['secret', 'create', 'token', '-'], { input: 'hunter2' });
        await bench.run(['config', 'create', 'site', '-'], { input: 'listen 80;' });
        const name = await service(bench, [
          ...['--secret', 'source=token,target=t,uid=33,mode=0400'],
          ...['--config', 'source=site,target=/etc/site.conf'],
        ]);
        const inside = 'cat /run/secrets/t /etc/site.conf; stat -c "%u %a" /run/secrets/t';
        const said = await bench.run(['exec', `${name}_1`, 'sh', '-c', inside]);
        expect(said.replace(/\s+/g, ' ').trim()).toBe('hunter2listen 80;33 400');
        const { code, stderr } = await bench.try(['secret', 'rm', 'token']);
        expect([code, stderr]).toEqual([1, expect.stringContaining('is in use by the following service')]);
        await bench.run(['service', 'update', '-q', '--secret-rm', 'token', '--config-rm', 'site', name]);
        for (const [noun, file] of [
          ['secret', 'token'],
          ['config', 'site'],
        ] as const)
          await expect
            .poll(async () => (await bench.try([noun, 'rm', file])).code, { timeout: 60_000 })
            .toBe(0);
      },
    },
    {
      command: 'docker service logs',
      async run(bench) {
        const name = await service(bench, ['--replicas', '2'], TALKER);
        const lines = async () => {
          const { stdout, stderr } = await bench.try(['service', 'logs', name]);
          return (stdout + stderr).trim().split('\n').length === 8 ? `${stdout}${stderr}` : undefined;
        };
        const said = await until('all lines', lines, { timeoutMs: 60_000 });
        for (const line of ['out1', 'out2', 'err1', 'err2'])
          expect(said).toMatch(new RegExp(`^${name}\\.[12]\\.\\w+@h[123] +\\| ${line}$`, 'm'));
        const raw = await bench.run(['service', 'logs', '--raw', name]);
        expect(raw.split('\n').toSorted()).toEqual(['out1', 'out1', 'out2', 'out2']);
      },
    },
    {
      command: 'docker node ls, ps, inspect, update',
      differs:
        'no node is a manager or `self`: name one. a drain moves containers as `berth node drain` does, which says what stays and why.',
      async run(bench) {
        expect(
          (await bench.run(['node', 'ls', '--format', '{{.Hostname}} {{.Status}} {{.Availability}}'])).split(
            '\n',
          ),
        ).toEqual(['h1 Ready Active', 'h2 Ready Active', 'h3 Ready Active']);
        const label = `cf${bench.tag}`;
        await bench.run(['node', 'update', '--label-add', `${label}=x`, 'h2']);
        try {
          const name = await service(bench, ['--constraint', `node.labels.${label}==x`]);
          expect(await tasks(bench, name, '{{.Node}}')).toBe('h2');
          expect(await bench.run(['node', 'ps', '--format', '{{.Name}}', 'h2'])).toContain(`${name}.1`);
          expect(await bench.run(['node', 'inspect', '-f', `{{index .Spec.Labels "${label}"}}`, 'h2'])).toBe(
            'x',
          );
        } finally {
          await bench.run(['node', 'update', '--label-rm', label, 'h2']);
        }
        const shown = () => bench.run(['node', 'ls', '--filter', 'name=h2', '--format', '{{.Availability}}']);
        try {
          const name = await service(bench, ['--constraint', 'node.hostname!=h1', '--replicas', '2']);
          await bench.run(['node', 'update', '--availability', 'drain', 'h2']);
          expect(await shown()).toBe('Drain');
          const gone = async () => !(await tasks(bench, name, '{{.Node}}')).includes('h2') || undefined;
          await until('its containers elsewhere', gone, { timeoutMs: 60_000 });
          await bench.run(['node', 'update', '--availability', 'pause', 'h2']);
          expect(await shown()).toBe('Pause');
        } finally {
          await bench.run(['node', 'update', '--availability', 'active', 'h2']);
        }
        expect(await shown()).toBe('Active');
      },
    },
    {
      command: 'docker stack deploy, ls, services, ps, rm',
      differs:
        'it is a stack of Berth, and `berth stack` shows it too; its networks are of the cluster’s own driver, and its containers are called STACK_SERVICE_1.',
      async run(bench) {
        const stack = `cf${bench.tag}${bench.cli.major}`;
        const file = bench.file('stack.yml', STACK);
        const deploy = () => bench.run(['stack', 'deploy', '--resolve-image', 'never', '-c', file, stack]);
        await deploy();
        try {
          const counts = () => bench.run(['stack', 'services', '--format', '{{.Name}} {{.Replicas}}', stack]);
          const up = `${stack}_db 1/1\n${stack}_web 2/2`;
          await until('all containers', async () => (await counts()) === up || undefined, {
            timeoutMs: 60_000,
          });
          expect(await bench.run(['stack', 'ls', '--format', '{{.Name}} {{.Services}}'])).toContain(
            `${stack} 2`,
          );
          const before = await bench.run(['stack', 'ps', '-q', stack]);
          expect(before.split('\n')).toHaveLength(3);
          const inWeb = ['exec', `${stack}_web_1`, 'sh', '-c', 'echo $WORD; ping -c 1 db'];
          // A name is told a moment after its container runs.
          const said = await until(
            'an answer of db',
            async () => {
              const { code, stdout } = await bench.try(inWeb);
              return code === 0 ? stdout : undefined;
            },
            { timeoutMs: 60_000 },
          );
          expect(said).toMatch(/^said\n[\s\S]*1 packets received/);
          await deploy();
          expect(await bench.run(['stack', 'ps', '-q', stack])).toBe(before);
        } finally {
          await bench.run(['stack', 'rm', stack]);
        }
        expect(await bench.run(['network', 'ls', '-q', '--filter', `name=${stack}`])).toBe('');
        await bench.run(['volume', 'rm', `${stack}_data`]);
      },
    },
  ],
};
