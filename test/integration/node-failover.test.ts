import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { setPort } from '../lab/wire.ts';

/** A lab of its own: its hosts die. */
let lab: Lab;
const NAMES = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6'];

beforeAll(async () => {
  lab = await startLab({ hosts: 3 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

type Node = { name: string; state: string; reason: string };
const node = async (name: string) =>
  (JSON.parse(await lab.berth(['node', 'ls', '--json'])) as Node[]).find((one) => one.name === name);

/** Container name to host, of those that run as the cluster has it. */
async function running(): Promise<Record<string, string>> {
  const lines = (await lab.docker(['ps', '--no-trunc', '--format', '{{.Names}}'])).trim().split('\n');
  return Object.fromEntries(
    lines.filter(Boolean).map((line) => line.split('/').reverse() as [string, string]),
  );
}

/** Names of the containers that run on the host, by its own engine. */
async function onEngine(host: string): Promise<string[]> {
  const { stdout } = await lab.exec(host, ['docker', 'ps', '--format', '{{.Names}}']);
  return stdout.split('\n').filter(Boolean).sort();
}

const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 200 });

/** Container name to what stays as it is wherever it runs: the cluster's ID, and a label of the user's. */
async function ids(): Promise<Record<string, string>> {
  const format = '{{.Name}} {{.Id}},{{index .Config.Labels "team"}}';
  const lines = (await lab.docker(['inspect', '--format', format, ...NAMES])).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.replace('/', '').split(' ') as [string, string]));
}

async function start(name: string, ...flags: string[]): Promise<void> {
  await lab.docker([
    'run',
    '-d',
    '--stop-timeout',
    '2',
    '--name',
    name,
    ...flags,
    'busybox',
    'sleep',
    '3600',
  ]);
}

/** Hosts were down in the tests above, the more often the busier the machine is: what is new goes to them all the same. */
const noRest = () => lab.berth(['node', 'uncordon', 'h1', 'h2', 'h3']);

describe('a host that goes away', () => {
  let before: Record<string, string>;

  it('leaves its containers with a policy to the others, spread, with names, IDs and labels, and shows the rest as lost', async () => {
    for (const name of NAMES)
      await start(
        name,
        '-l',
        `team=of-${name}`,
        '-e',
        'constraint:node==~h1',
        '-e',
        'reschedule:on-node-failure',
        '-v',
        `/data-${name}`,
      );
    await start(
      'held',
      '-e',
      'constraint:node==~h1',
      '-e',
      'reschedule:on-node-failure',
      '-v',
      'files:/data',
    );
    await start('stays', '-e', 'constraint:node==h1');
    before = await ids();
    for (const name of NAMES) expect(before[name]).toMatch(new RegExp(`^[0-9a-f]{64},of-${name}$`));
    expect(new Set(Object.values(await running()))).toEqual(new Set(['h1']));
    await lab.kill('h1');
    await until(
      async () =>
        Object.keys(await running()).filter((name) => NAMES.includes(name)).length &&
        (await onEngine('h2')).length + (await onEngine('h3')).length,
    ).toBe(6);
    const places = async () => {
      const after = await running();
      return NAMES.map((name) => after[name]).sort();
    };
    // As the scheduler would have placed them anew.
    await until(places).toEqual(['h2', 'h2', 'h2', 'h3', 'h3', 'h3']);
    expect(await ids()).toEqual(before);
    expect(await lab.docker(['ps', '-a', '--filter', 'name=stays', '--format', '{{.Status}}'])).toContain(
      'Host Down',
    );
    await until(async () => (await node('h1'))?.reason).toMatch(/not moved: held: .*volume files is on h1/);
    expect(await lab.berth(['status', '--json'])).toContain('volume files is on h1');
  });

  it('removes its old copies when it is back, keeps volumes, and runs nothing twice', async () => {
    await lab.start('h1');
    await lab.waitReady(['h1']);
    await until(() => onEngine('h1')).not.toEqual(expect.arrayContaining([expect.stringMatching(/^w/)]));
    const all = (await Promise.all(['h1', 'h2', 'h3'].map(onEngine))).flat();
    expect(all.filter((name) => NAMES.includes(name)).sort()).toEqual(NAMES);
    await until(async () =>
      (await lab.exec('h1', ['docker', 'ps', '-aq', '--filter', 'name=w'])).stdout.trim(),
    ).toBe('');
    const volumes = (await lab.exec('h1', ['docker', 'volume', 'ls', '-q'])).stdout.trim().split('\n');
    expect(volumes).toContain('files');
    expect(volumes.length).toBe(7);
    expect(await ids()).toEqual(before);
  });

  it('moves away from a host whose link is cut; when it heals nothing runs twice', async () => {
    await lab.cut('h2');
    const moved = async () => Object.entries(await running()).filter(([name]) => NAMES.includes(name));
    await until(
      async () => (await moved()).every(([, host]) => host !== 'h2') && (await moved()).length,
    ).toBe(6);
    // The default keeps what runs there running meanwhile.
    expect((await onEngine('h2')).length).toBeGreaterThan(0);
    await lab.heal('h2');
    await lab.waitReady(['h2']);
    await until(() => onEngine('h2')).toEqual([]);
    const all = (await Promise.all(['h1', 'h3'].map(onEngine))).flat();
    expect(all.filter((name) => NAMES.includes(name)).sort()).toEqual(NAMES);
    expect(await ids()).toEqual(before);
  });

  it('moves nothing when the manager starts again, nor when most hosts vanish at once', async () => {
    const where = await running();
    await lab.restartManager();
    await lab.waitReady();
    await until(running).toEqual(where);
    await Promise.all([lab.cut('h1'), lab.cut('h3')]);
    await until(async () => (await node('h1'))?.reason).toMatch(/too many hosts vanished at once/);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await onEngine('h2')).toEqual([]);
    expect(await lab.berth(['status', '--json'])).toContain('nothing is moved');
    await Promise.all([lab.heal('h1'), lab.heal('h3')]);
    await lab.waitReady();
    await until(running).toEqual(where);
  });

  it('moves nothing when it is the manager whose network fails: all run on where they are', async () => {
    const engines = () => Promise.all(['h1', 'h2', 'h3'].map(onEngine));
    const [where, there] = [await running(), await engines()];
    await setPort(lab.plan, 'manager', 'down');
    try {
      for (const host of ['h1', 'h2', 'h3'])
        await until(async () => (await node(host))?.reason).toMatch(/too many hosts vanished at once/);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await engines()).toEqual(there);
    } finally {
      await setPort(lab.plan, 'manager', 'up');
    }
    await lab.waitReady();
    await until(running).toEqual(where);
    expect(await engines()).toEqual(there);
  });
});

describe('a host that is to be empty', () => {
  it('is drained: each container stops before it starts elsewhere; what stays is named with its reason', async () => {
    await lab.docker(['rm', '-f', ...NAMES, 'held', 'stays']);
    for (const name of ['p1', 'p2']) await start(name, '-e', 'constraint:node==~h1');
    await start('pinned', '-e', 'constraint:node==h1');
    const format = '{{.Name}} {{.Id}} {{.Node.Name}}';
    const where = async () =>
      (await lab.docker(['inspect', '--format', format, 'p1', 'p2'])).trim().split('\n');
    const before = await where();
    expect(before.every((line) => line.endsWith(' h1'))).toBe(true);
    const dry = JSON.parse(await lab.berth(['node', 'drain', 'h1', '--dry-run', '--json']));
    expect(dry[0].waiting.map(({ name }: { name: string }) => name)).toEqual(['p1', 'p2']);
    expect(dry[0].stays).toMatchObject([
      { name: 'pinned', reason: expect.stringMatching(/node==h1 not met/) },
    ]);
    expect(await where()).toEqual(before);
    await expect(lab.berth(['node', 'drain', 'h1', '--yes'])).rejects.toThrow(/1 container stays: pinned/);
    const after = await where();
    expect(after.map((line) => line.split(' ').slice(0, 2))).toEqual(
      before.map((line) => line.split(' ').slice(0, 2)),
    );
    expect(after.map((line) => line.split(' ').at(-1)).sort()).toEqual(['h2', 'h3']);
    expect(await onEngine('h1')).toEqual(['pinned']);
    const runs = (host: string, name: string) =>
      lab.exec(host, ['docker', 'inspect', '--format', '{{.State.Running}}', name]);
    // The new copies run; the old ones are gone, with nothing left behind.
    for (const line of after) {
      const [name = '', , host = ''] = line.split(' ');
      expect((await runs(host, name.slice(1))).stdout.trim()).toBe('true');
    }
    await until(
      async () => (await lab.exec('h1', ['docker', 'ps', '-aq'])).stdout.trim().split('\n').length,
    ).toBe(1);
    await lab.berth(['node', 'uncordon', 'h1']);
    const plan = JSON.parse(await lab.berth(['rebalance', '--dry-run', '--json']));
    expect(plan.state).toBe('planned');
  });
});

it('stops what is fenced on a host that is cut off before it runs elsewhere, and keeps the rest', async () => {
  await lab.docker(['rm', '-f', 'p1', 'p2', 'pinned']);
  await noRest();
  const flags = ['-e', 'constraint:node==~h2', '-l', 'berth.failover=true'];
  await start('fenced', ...flags, '-l', 'berth.partition=fence');
  await start('kept', ...flags);
  expect(await onEngine('h2')).toEqual(['fenced', 'kept']);
  await lab.cut('h2');
  const here = async () => (await onEngine('h2')).includes('fenced');
  const elsewhere = async () => (await Promise.all(['h1', 'h3'].map(onEngine))).flat().includes('fenced');
  await until(async () => {
    // Asked in this order, both can only be true where it runs twice.
    const moved = await elsewhere();
    expect(moved && (await here())).toBe(false);
    return moved;
  }).toBe(true);
  expect(await onEngine('h2')).toEqual(['kept']);
  await lab.heal('h2');
  await lab.waitReady(['h2']);
  await until(() => onEngine('h2')).toEqual([]);
  expect((await Promise.all(['h1', 'h3'].map(onEngine))).flat().sort()).toEqual(['fenced', 'kept']);
});

it('does not wait for the whole time of silence where the others do not reach the machine either', async () => {
  await lab.docker(['rm', '-f', 'fenced', 'kept']);
  await noRest();
  await start('early', '-e', 'constraint:node==~h3', '-l', 'berth.failover=true');
  expect(await running()).toMatchObject({ early: 'h3' });
  await lab.berth(['settings', 'set', 'downAfterMs=10m']);
  try {
    // The machine answers, though its agent does not: what runs on it runs on, and stays.
    await lab.killAgent('h3');
    await until(async () => (await node('h3'))?.state).toBe('suspect');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect((await node('h3'))?.state).toBe('suspect');
    expect(await running()).toMatchObject({ early: 'h3' });
    await lab.kill('h3');
    await until(async () => (await running()).early, 60_000).toMatch(/h1|h2/);
    expect((await node('h3'))?.reason).toMatch(/those that could reach its machine cannot/);
  } finally {
    await lab.berth(['settings', 'set', 'downAfterMs=5s']);
  }
  await lab.start('h3');
  await lab.waitReady(['h3']);
  await until(() => onEngine('h3')).toEqual([]);
});

it('places each container exactly once when the manager is killed in the middle of it', async () => {
  await lab.docker(['rm', '-f', 'early']);
  await noRest();
  for (const name of NAMES) await start(name, '-e', 'constraint:node==~h3', '-l', 'berth.failover=true');
  const before = await ids();
  expect((await onEngine('h3')).length).toBe(6);
  const events = spawn('docker', ['-H', lab.endpoint, 'events', '--filter', 'event=failover']);
  try {
    const first = new Promise((resolve) => events.stdout.once('data', resolve));
    await lab.kill('h3');
    await first;
    await lab.killManager();
  } finally {
    events.kill();
  }
  await lab.restartManager();
  const everywhere = async () => (await Promise.all(['h1', 'h2'].map(onEngine))).flat().sort();
  await until(everywhere, 60_000).toEqual(NAMES);
  await lab.start('h3');
  await lab.waitReady();
  await until(() => onEngine('h3')).toEqual([]);
  expect(await everywhere()).toEqual(NAMES);
  expect(await ids()).toEqual(before);
});
