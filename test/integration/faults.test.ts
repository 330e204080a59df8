import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/** A lab of its own: its parts are killed and cut off. */
let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

type Run = Readonly<{ name: string; id?: string; error?: string; ms: number }>;

/** `docker run -d`; what its client was told. */
async function run(name: string, ...flags: string[]): Promise<Run> {
  const began = Date.now();
  const argv = ['run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000'];
  try {
    return { name, id: (await lab.docker(argv)).trim(), ms: Date.now() - began };
  } catch (thrown) {
    return { name, error: String(thrown), ms: Date.now() - began };
  }
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/** Berth's containers as the engines have them: cluster ID, name, host and state. */
async function onEngines(): Promise<string[]> {
  const format = '{{.Label "berth.cluster.id"}} {{.Names}} {{.State}}';
  const each = lab.hosts.map(async ({ name: host }) => {
    const argv = ['ps', '-a', '--filter', 'label=berth.cluster', '--format', format];
    return lines(await lab.docker(argv, host)).map((line) => line.replace(' ', ` ${host}/`));
  });
  return (await Promise.all(each)).flat().sort();
}

async function inCluster(): Promise<string[]> {
  const argv = ['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}'];
  return lines(await lab.docker(argv)).sort();
}

/** Waits until cluster and engines tell the same, and gives that. */
async function agreed(): Promise<string[]> {
  await expect
    .poll(async () => ({ engines: await onEngines(), cluster: await inCluster() }), { timeout: 60_000 })
    .toSatisfy(({ engines, cluster }) => JSON.stringify(engines) === JSON.stringify(cluster));
  return inCluster();
}

/** Each container that a client was given is there once and runs; of the others there is one at most. */
async function nothingLostNothingTwice(runs: readonly Run[]): Promise<void> {
  const there = await agreed();
  for (const { name, id } of runs) {
    const found = there.filter((line) => line.split(' ')[1]?.endsWith(`/${name}`));
    if (id === undefined) expect(found.length).toBeLessThanOrEqual(1);
    else expect(found).toEqual([expect.stringMatching(new RegExp(`^${id} \\S+/${name} running$`))]);
  }
}

async function removeAll(): Promise<void> {
  const ids = lines(await lab.docker(['ps', '-aq']));
  if (ids.length > 0) await lab.docker(['rm', '-f', ...ids]);
}

/** Starts `count` runs at once and calls `fault` when the first of them has been answered. */
async function runsThrough(prefix: string, count: number, fault: () => Promise<void>): Promise<Run[]> {
  const runs = Array.from({ length: count }, (_, i) => run(`${prefix}${i}`));
  await Promise.race(runs);
  await fault();
  return Promise.all(runs);
}

describe('in the middle of 20 runs at once', () => {
  it('SIGKILL of an agent: after its restart nothing is lost and nothing there twice', async () => {
    const runs = await runsThrough('agent', 20, async () => {
      await lab.killAgent('h2');
      await lab.join('h2');
    });
    await lab.waitReady();
    await nothingLostNothingTwice(runs);
    expect(runs.filter(({ id }) => id !== undefined).length).toBeGreaterThan(0);
    await removeAll();
  });

  it('SIGKILL of the manager: after its restart nothing is lost and nothing there twice', async () => {
    const runs = await runsThrough('manager', 20, async () => {
      await lab.killManager();
      await lab.restartManager();
    });
    await lab.waitReady();
    await nothingLostNothingTwice(runs);
    const failed = runs.filter(({ error }) => error !== undefined);
    expect(failed.length).toBeGreaterThan(0);
    await removeAll();
  });
});

describe('a host that is cut off', () => {
  it('in the middle of a create: its client hears of it in time, and store and engine agree once it is back', async () => {
    const before = ['cut0', 'cut1', 'cut2'].map((name) => run(name, '-e', 'constraint:node==h2'));
    await sleep(100);
    await lab.cut('h2');
    // It still counts as there: nobody has noticed yet.
    const after = run('cut3', '-e', 'constraint:node==h2');
    const runs = await Promise.all([...before, after]);
    expect((await after).error).toMatch(/h2/);
    for (const { ms } of runs) expect(ms).toBeLessThan(60_000);
    await lab.heal('h2');
    await lab.waitReady();
    await nothingLostNothingTwice(runs);
    expect((await inCluster()).some((line) => line.includes('/cut3 '))).toBe(false);
    await removeAll();
  });
});

/** `POST /containers/create` on the cluster; the status of the answer. */
function create(name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: lab.endpoint.replace('unix://', ''),
        method: 'POST',
        path: `/v1.41/containers/create?name=${name}`,
        headers: { 'content-type': 'application/json' },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify({ Image: 'busybox', Cmd: ['true'] }));
  });
}

it('of clients that race for one name one gets it, the others 409', async () => {
  for (let round = 0; round < 5; round++) {
    const statuses = await Promise.all([
      create(`race${round}`),
      create(`race${round}`),
      create(`race${round}`),
    ]);
    expect(statuses.sort()).toEqual([201, 409, 409]);
  }
  expect(await agreed()).toHaveLength(5);
  await removeAll();
});
