import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';

/** A lab of its own: agents, engines and machines are killed in the middle of what they do. */
let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

const lines = (text: string) => text.split('\n').filter(Boolean);
const docker = (...argv: string[]) => tryRun(['docker', '-H', lab.endpoint, ...argv]);
const onH2 = ['-e', 'constraint:node==h2', '--stop-timeout', '0'];
const running = ['busybox', 'sleep', '9000'];

/** Name to state, as the engine of h2 has them and as the cluster tells it. */
async function onEngine(): Promise<Record<string, string>> {
  const argv = ['ps', '-a', '--filter', 'label=berth.cluster', '--format', '{{.Names}} {{.State}}'];
  const list = lines(await lab.docker(argv, 'h2'));
  expect(new Set(list.map((line) => line.split(' ')[0])).size).toBe(list.length);
  return Object.fromEntries(list.map((line) => line.split(' ') as [string, string]));
}
async function inCluster(): Promise<Record<string, string>> {
  const list = lines(await lab.docker(['ps', '-a', '--format', '{{.Names}} {{.State}}']));
  return Object.fromEntries(list.map((line) => line.replace('h2/', '').split(' ') as [string, string]));
}

async function killEngine(): Promise<void> {
  const pid = (await lab.exec('h2', ['cat', '/run/docker/dockerd.pid'])).stdout.trim();
  await lab.exec('h2', ['kill', '-9', pid]);
  await expect
    .poll(async () => (await lab.exec('h2', ['kill', '-0', pid])).code, { timeout: 60_000 })
    .not.toBe(0);
}

/** Each way to die, and back up again. */
const DEATHS: Readonly<Record<string, () => Promise<void>>> = {
  'the agent': async () => {
    await lab.killAgent('h2');
    await lab.join('h2');
  },
  'the engine': async () => {
    await killEngine();
    await lab.start('h2');
  },
  'the whole host': async () => {
    await lab.kill('h2');
    await lab.start('h2');
  },
  'the agent, with the manager down': async () => {
    await lab.killManager();
    await lab.killAgent('h2');
    await lab.join('h2');
    await lab.restartManager();
  },
};

beforeEach(async () => {
  await lab.start('h2');
  // It dies in each test: no rest for it now.
  await lab.berth(['node', 'uncordon', 'h2']);
  const ids = lines(await lab.docker(['ps', '-aq']));
  if (ids.length > 0) await lab.docker(['rm', '-f', ...ids]);
  await expect.poll(onEngine, { timeout: 60_000 }).toEqual({});
});

type Wish = Readonly<{ name: string; verb: string; code: number; stderr: string }>;
/** What a wish leaves where it is granted, and where its client heard an error: as it was, or as it was to be. */
const AFTER: Readonly<Record<string, Readonly<{ done: string; else: readonly string[] }>>> = {
  create: { done: 'created', else: ['', 'created'] },
  run: { done: 'running', else: ['', 'created', 'running'] },
  start: { done: 'running', else: ['created', 'running'] },
  stop: { done: 'exited', else: ['running', 'exited'] },
  rm: { done: '', else: ['', 'running', 'exited'] },
};

describe.each(Object.keys(DEATHS))('SIGKILL of %s', (who) => {
  it('in the middle of creates, starts, stops and removes: each is done, or its client was told; nothing is there twice', async () => {
    const each = ['1', '2', '3', '4'];
    // An engine that dies takes its containers with it: those that are to run come back by their policy.
    const keep = ['-l', 'berth.restart=always', ...onH2];
    await Promise.all([
      ...each.map((n) => lab.docker(['create', '--name', `start${n}`, ...keep, ...running])),
      ...each.flatMap((n) =>
        ['stop', 'rm'].map((verb) => lab.docker(['run', '-d', '--name', `${verb}${n}`, ...keep, ...running])),
      ),
    ]);
    const wish = async (verb: string, name: string, ...argv: string[]): Promise<Wish> => {
      const { code, stderr } = await docker(...argv);
      return { name, verb, code, stderr };
    };
    const wishes = each.flatMap((n) => [
      wish('create', `create${n}`, 'create', '--name', `create${n}`, ...keep, ...running),
      wish('run', `run${n}`, 'run', '-d', '--name', `run${n}`, ...keep, ...running),
      wish('start', `start${n}`, 'start', `start${n}`),
      wish('stop', `stop${n}`, 'stop', '-t', '0', `stop${n}`),
      wish('rm', `rm${n}`, 'rm', '-f', `rm${n}`),
    ]);
    await Promise.race(wishes);
    await DEATHS[who]?.();
    const told = await Promise.all(wishes);
    await lab.waitReady();
    const strange = async () => {
      const [engine, cluster] = [await onEngine(), await inCluster()];
      const wrong = told.filter(({ name, verb, code }) => {
        const state = engine[name] ?? '';
        const after = AFTER[verb];
        if (code === 0 ? state !== after?.done : !after?.else.includes(state)) return true;
        return state !== (cluster[name] ?? '');
      });
      return wrong.map((one) => ({ ...one, engine: engine[one.name], cluster: cluster[one.name] }));
    };
    await expect.poll(strange, { timeout: 60_000, interval: 500 }).toEqual([]);
    for (const { code, stderr } of told) if (code !== 0) expect(stderr).not.toMatch(/internal error/);
  });
});

describe('SIGKILL of an engine with containers running', () => {
  const started = async (name: string) =>
    (await lab.exec('h2', ['docker', 'inspect', '-f', '{{.Id}} {{.State.StartedAt}}', name])).stdout.trim();
  const state = async (name: string) =>
    (await lab.exec('h2', ['docker', 'inspect', '-f', '{{.State.Running}}', name])).stdout.trim();
  const pids = async (name: string) =>
    (await lab.exec('h2', ['docker', 'inspect', '-f', '{{.State.Pid}}', name])).stdout.trim();

  it.each([false, true])(
    'live-restore %s: what has a policy runs afterwards, once, by the same ID',
    async (live) => {
      writeFileSync(join(lab.host('h2').folder, 'daemon.json'), JSON.stringify({ 'live-restore': live }));
      await killEngine();
      await lab.start('h2');
      await lab.docker(['run', '-d', '--name', 'label', '-l', 'berth.restart=always', ...onH2, ...running]);
      await lab.docker(['run', '-d', '--name', 'docker', '--restart', 'always', ...onH2, ...running]);
      await lab.docker(['run', '-d', '--name', 'none', ...onH2, ...running]);
      const names = ['label', 'docker', 'none'];
      const ids = await lab.docker(['inspect', '-f', '{{.Id}}', ...names]);
      const before = await Promise.all(names.map(started));
      const ran = await Promise.all(names.map(pids));
      await killEngine();
      await expect
        .poll(async () => (await docker('create', ...onH2, 'busybox', 'true')).stderr, { timeout: 60_000 })
        .toMatch(/Docker Engine|suspect/);
      await lab.start('h2');
      for (const name of ['label', 'docker'])
        await expect.poll(() => state(name), { timeout: 60_000 }).toBe('true');
      expect(await lab.docker(['inspect', '-f', '{{.Id}}', ...names])).toBe(ids);
      expect(
        Object.keys(await onEngine())
          .filter((name) => names.includes(name))
          .sort(),
      ).toEqual([...names].sort());
      if (live) {
        // They went on all the time.
        expect(await Promise.all(names.map(started))).toEqual(before);
        expect(await Promise.all(names.map(pids))).toEqual(ran);
      } else {
        await expect.poll(() => state('none'), { timeout: 60_000 }).toBe('false');
        const all = async () => Number((await lab.exec('h2', ['pgrep', '-fc', 'sleep 9000'])).stdout);
        await expect.poll(all).toBe(2);
      }
    },
  );
});
