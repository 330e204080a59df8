import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program, start, tryProgram } from '../conformance/program.ts';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';

/** Several hosts through one endpoint, as one Docker Engine. */
let lab: Lab;
let docker: Docker;
const folder = mkdtempSync(join(tmpdir(), 'berth-endpoint-'));
const HOSTS = ['h1', 'h2', 'h3'];
const LIVE = ['sh', '-c', 'echo "I am $WHO"; trap "exit 0" TERM; while :; do sleep 0.1; done'];

beforeAll(async () => {
  lab = await sharedLab();
  docker = new Docker({ socketPath: lab.endpoint.replace('unix://', '') });
});
afterAll(async () => {
  const ids = await cluster('ps', '-aq', '--filter', 'label=endpoint');
  if (ids !== '') await cluster('rm', '-fv', ...ids.split('\n'));
  rmSync(folder, { recursive: true, force: true });
});

const cluster = (...args: string[]) => program(['docker', '-H', lab.endpoint, ...args]);
const tryCluster = (...args: string[]) => tryProgram(['docker', '-H', lab.endpoint, ...args]);
const onHost = (host: string, ...args: string[]) => program(['docker', '-H', lab.host(host).engine, ...args]);
const run = (name: string, ...flags: string[]) =>
  cluster('run', '-d', '-l', 'endpoint', '--name', name, ...flags, 'busybox', ...LIVE);
const nodeOf = (name: string) => cluster('inspect', '-f', '{{.Node.Name}}', name);

describe('containers on different hosts', () => {
  const names = HOSTS.map((host) => `on-${host}`);

  it('are run where they are wanted, and listed together', async () => {
    await Promise.all(
      HOSTS.map((host) => run(`on-${host}`, '-e', `constraint:node==${host}`, '-e', `WHO=${host}`)),
    );
    const rows = await cluster('ps', '--filter', 'name=on-h', '--format', '{{.Names}}');
    expect(rows.split('\n').toSorted()).toEqual(HOSTS.map((host) => `${host}/on-${host}`));
    for (const host of HOSTS) {
      expect(await onHost(host, 'ps', '--format', '{{.Names}}', '--filter', 'name=on-h')).toBe(`on-${host}`);
    }
  });

  it('are inspected in one call, by name, ID and node/name', async () => {
    const seen = JSON.parse(await cluster('inspect', ...names)) as { Id: string; Node: { Name: string } }[];
    expect(seen.map(({ Node }) => Node.Name)).toEqual(HOSTS);
    for (const [index, { Id }] of seen.entries()) {
      for (const reference of [Id, Id.slice(0, 12), `${HOSTS[index]}/${names[index]}`]) {
        expect(await cluster('inspect', '-f', '{{.Id}}', reference)).toBe(Id);
      }
    }
  });

  it('are logged, exec’ed, and copied from and to', async () => {
    for (const host of HOSTS) {
      const name = `on-${host}`;
      await expect.poll(() => cluster('logs', name)).toBe(`I am ${host}`);
      expect(await cluster('exec', name, 'sh', '-c', 'echo $WHO')).toBe(host);
      writeFileSync(join(folder, 'to'), host);
      await cluster('cp', join(folder, 'to'), `${name}:/tmp/word`);
      await cluster('cp', `${name}:/tmp/word`, join(folder, `from-${host}`));
      expect(readFileSync(join(folder, `from-${host}`), 'utf8')).toBe(host);
    }
  });

  it('are stopped and removed in one call', async () => {
    await cluster('stop', ...names);
    expect((await cluster('rm', ...names)).split('\n')).toEqual(names);
    for (const host of HOSTS) expect(await onHost(host, 'ps', '-aq', '--filter', `name=on-${host}`)).toBe('');
  });
});

describe('names', () => {
  it('are unique in the cluster, also for two that ask at once', async () => {
    const asks = HOSTS.map((host) =>
      docker.createContainer({
        ...{ name: 'only-one', Image: 'busybox', Labels: { endpoint: '' } },
        Env: [`constraint:node==${host}`],
      }),
    );
    const outcomes = await Promise.allSettled(asks);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ statusCode: 409 });
    }
    await cluster('rm', 'only-one');
  });

  it('may be shared by containers that Berth did not make: then the host tells them apart', async () => {
    for (const host of ['h1', 'h2']) await onHost(host, 'run', '-d', '--name', 'twin', 'busybox', ...LIVE);
    try {
      await expect
        .poll(async () => (await cluster('ps', '-q', '--filter', 'name=twin')).split('\n').length)
        .toBe(2);
      expect((await tryCluster('inspect', '--type', 'container', 'twin')).stderr).toMatch(
        /h1\/twin|h2\/twin/,
      );
      expect(await nodeOf('h2/twin')).toBe('h2');
      await cluster('rm', '-f', 'h1/twin');
      await expect.poll(() => nodeOf('twin')).toBe('h2');
      expect((await tryCluster('create', '--name', 'twin', 'busybox')).stderr).toContain('is already in use');
    } finally {
      for (const host of ['h1', 'h2'])
        await tryProgram(['docker', '-H', lab.host(host).engine, 'rm', '-f', 'twin']);
    }
  });
});

describe('expressions of classic Swarm', () => {
  it('choose by node: names, globs, regular expressions, alternatives, and none', async () => {
    for (const [expression, hosts] of [
      ['constraint:node==h2', ['h2']],
      ['constraint:node!=h2', ['h1', 'h3']],
      ['constraint:node==h*3', ['h3']], // IDs of hosts count as well, and may end in any digit
      ['constraint:node==/h[13]/', ['h1', 'h3']],
      ['constraint:node==(1|h2)', ['h2']],
      ['constraint:node==~nowhere', HOSTS],
      ['constraint:ostype==linux', HOSTS],
    ] as const) {
      const name = `expressed-${Math.random().toString(16).slice(2, 10)}`;
      await cluster('create', '-l', 'endpoint', '--name', name, '-e', expression, 'busybox');
      expect(hosts, expression).toContain(await nodeOf(name));
      await cluster('rm', name);
    }
  });

  it('choose by container, label and image', async () => {
    await run('first', '-e', 'constraint:node==h2', '-l', 'tier=front');
    for (const [expression, beside] of [
      ['affinity:container==first', true],
      ['affinity:container!=first', false],
      ['affinity:tier==front', true],
      ['affinity:tier!=front', false],
      ['affinity:image==busybox', undefined],
    ] as const) {
      await cluster('create', '-l', 'endpoint', '--name', 'second', '-e', expression, 'busybox');
      const node = await nodeOf('second');
      if (beside !== undefined) expect(node === 'h2', expression).toBe(beside);
      await cluster('rm', 'second');
    }
    await cluster('rm', '-f', 'first');
  });

  it('refuse in one line that says why', async () => {
    const nowhere = await tryCluster('create', '-e', 'constraint:rack==r9', 'busybox');
    expect(nowhere.stderr).toMatch(/3 hosts.*rack==r9|rack==r9.*3 hosts/);
    const wrong = await tryCluster('create', '-e', 'constraint:rack=>r9', 'busybox');
    expect(wrong.stderr).toContain('rack=>r9');
    expect(wrong.code).not.toBe(0);
    const apart = ['--link', 'left:l', '--volumes-from', 'right'];
    await run('left', '-e', 'constraint:node==h1');
    await run('right', '-e', 'constraint:node==h2');
    expect((await tryCluster('create', ...apart, 'busybox')).code).toBe(1);
    await cluster('rm', '-f', 'left', 'right');
  });
});

describe('events', () => {
  type Seen = { timeNano: number; Action: string; Actor: { Attributes: Record<string, string> } };
  const parse = (text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Seen);

  it('of all hosts come in one order, live as afterwards, and go on from where one left', async () => {
    const mine = HOSTS.flatMap((host) => ['--filter', `container=event-${host}`]);
    const flags = [...mine, '--filter', 'type=container', '--format', '{{json .}}'];
    const first = ['--filter', 'container=event-first'];
    const live = start(['docker', '-H', lab.endpoint, 'events', ...first, ...flags], { timeoutMs: 280_000 });
    // It may not listen yet when the first ones come: those are not counted.
    const once = ['run', '--rm', '-l', 'endpoint', '--name', 'event-first', 'busybox', 'true'];
    await expect
      .poll(() => cluster(...once).then(() => live.said.stdout), { timeout: 60_000 })
      .toContain('event-first');
    const lines = () => live.said.stdout.split('\n').filter((line) => !line.includes('event-first'));
    const from = (Date.now() / 1000).toFixed(3);
    for (let round = 0; round < 2; round++) {
      for (const host of HOSTS) {
        const where = ['-e', `constraint:node==${host}`];
        await cluster(
          'run',
          '--rm',
          '-l',
          'endpoint',
          '--name',
          `event-${host}`,
          ...where,
          'busybox',
          'true',
        );
      }
    }
    await expect.poll(() => lines().filter((line) => line.includes('"Action":"destroy"')).length).toBe(6);
    live.kill();
    const seen = parse(lines().join('\n'));
    const times = seen.map(({ timeNano }) => timeNano);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const starts = seen.filter(({ Action }) => Action === 'start');
    expect(starts.map(({ Actor }) => Actor.Attributes['node.name'])).toEqual([...HOSTS, ...HOSTS]);

    const past = async (since: string) =>
      parse(
        await cluster('events', '--since', since, '--until', String(Math.ceil(Date.now() / 1000)), ...flags),
      );
    expect(await past(from)).toEqual(seen);
    const text = lines()[4] ?? '';
    const nanos = BigInt(/"timeNano":(\d+)/.exec(text)?.[1] ?? 0) + 1n;
    const rest = await past(`${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`);
    expect(rest).toEqual(seen.slice(5));
  });
});
