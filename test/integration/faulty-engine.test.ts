import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { agentPid } from '../lab/cluster.ts';
import {
  answers,
  doneBut,
  type EngineFault,
  EngineProxy,
  endless,
  type FaultOf,
  halfAnswer,
  hang,
  noHttp,
  slow,
} from '../lab/engine-proxy.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/** A lab of its own: the engine of h2 is reached through a proxy that breaks what it is told to. */
let lab: Lab;
let proxy: EngineProxy;
/** Manager and agents; none of them may end. */
let pids: readonly unknown[] = [];
const processes = () => [lab.managerPid, ...lab.hosts.map(agentPid)];

beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  await ensureImage('busybox', lab.endpoint);
  const h2 = lab.host('h2');
  proxy = await EngineProxy.open(`${h2.folder}/proxy.sock`, h2.engine);
  await lab.killAgent('h2');
  await lab.join('h2', { engine: proxy.url });
  await lab.waitReady();
  for (const host of ['h1', 'h2']) expect((await run(`on-${host}`, host)).error).toBeUndefined();
  pids = processes();
});
afterAll(async () => {
  await proxy?.close();
  await lab?.down();
});
beforeEach(async () => {
  proxy.mend();
  await lab.waitReady();
  // What a case before this one has left, so that one failure is not all of them.
  const left = lines(await lab.docker(['ps', '-a', '--format', '{{.Names}} {{.ID}}']));
  await expect
    .poll(() => on('h2', 'inspect', '-f', '{{.State.Running}}', 'on-h2'), { timeout: 60_000 })
    .toBe('true');
  const ids = left.filter((line) => !/\/on-h\d /.test(line)).map((line) => line.split(' ')[1] ?? '');
  if (ids.length > 0) await lab.docker(['rm', '-f', ...ids]);
});

type Told = Readonly<{ name: string; id?: string; error?: string; ms: number }>;

async function told(name: string, ...argv: string[]): Promise<Told> {
  const began = Date.now();
  try {
    return { name, id: (await lab.docker(argv)).trim(), ms: Date.now() - began };
  } catch (thrown) {
    return { name, error: String(thrown), ms: Date.now() - began };
  }
}
const run = (name: string, host: string, ...flags: string[]) => {
  const where = ['-e', `constraint:node==${host}`, '-l', 'berth.restart=always', '--stop-timeout', '0'];
  return told(name, 'run', '-d', '--name', name, ...where, ...flags, 'busybox', 'sleep', '1000');
};
const lines = (text: string) => text.split('\n').filter(Boolean);
const on = async (host: string, ...argv: string[]) => (await lab.docker(argv, host)).trim();

/** Berth's containers as the engines have them, past the proxy, beside what the cluster tells. */
async function both() {
  const format = '{{.Label "berth.cluster.id"}} {{.Names}} {{.State}}';
  const each = lab.hosts.map(async ({ name: host }) => {
    const argv = ['ps', '-a', '--filter', 'label=berth.cluster', '--format', format];
    return lines(await on(host, ...argv)).map((line) => line.replace(' ', ` ${host}/`));
  });
  const cluster = await lab.docker(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}']);
  return { engines: (await Promise.all(each)).flat().sort(), cluster: lines(cluster).sort() };
}

/** All is well again: each container whose client was given an ID is there once and runs, of the others none is left. */
async function allIsWell(runs: readonly Told[], may: readonly string[] = []): Promise<void> {
  await lab.waitReady();
  const wanted = ['on-h1', 'on-h2', ...runs.flatMap(({ name, id }) => (id === undefined ? [] : [name]))];
  const names = (list: readonly string[]) =>
    list
      .map((line) => line.replace(/^\S+ \S+\/(\S+) (\S+)$/, '$1 $2'))
      .filter((line) => !may.includes(line.split(' ')[0] ?? ''))
      .sort();
  await expect
    .poll(
      async () => {
        const { engines, cluster } = await both();
        return { same: JSON.stringify(engines) === JSON.stringify(cluster), names: names(engines) };
      },
      { timeout: 60_000, interval: 500 },
    )
    .toEqual({ same: true, names: wanted.map((name) => `${name} running`).sort() });
  const { cluster } = await both();
  for (const { id } of runs) if (id) expect(cluster.filter((line) => line.startsWith(id))).toHaveLength(1);
  expect(processes()).toEqual(pids);
  if (runs.some(({ id }) => id))
    await lab.docker(['rm', '-f', ...runs.flatMap(({ id }) => (id === undefined ? [] : [id]))]);
}

type Node = { name: string; state: string; reason: string };
async function node(name: string): Promise<Node | undefined> {
  const nodes: Node[] = JSON.parse(await lab.berth(['node', 'ls', '--json']));
  return nodes.find((one) => one.name === name);
}

const all =
  (fault: EngineFault): FaultOf =>
  () =>
    fault;
/** Another one for each request. */
function inTurn(...faults: EngineFault[]): EngineFault {
  let turn = 0;
  return (call) => faults[turn++ % faults.length]?.(call);
}
const garbage = inTurn(
  answers(200, 'application/json', '{"a": ['),
  endless,
  answers(200, 'application/json', '[{"Id":1,"ID":{"x":null}}]'),
);
const HTML = '<html><body><h1>Internal Server Error</h1></body></html>';

describe('an engine of which nothing can be had', () => {
  it.each<[string, FaultOf, RegExp]>([
    ['hangs', all(hang), /does not answer: no answer to a ping/],
    ['answers 500 with a page', all(answers(500, 'text/html', HTML)), /answers pings with 500/],
    ['breaks off, or speaks something else than HTTP', all(inTurn(halfAnswer, noHttp)), /does not answer/],
    [
      'pings, and answers garbage, without end, or with other types, to everything else',
      (_, path) => (/_ping|events/.test(path) ? undefined : garbage),
      /not JSON|longer than \d+ bytes|not a Docker Engine's/,
    ],
  ])(
    '%s: suspect with the reason, clients hear of it in time, other hosts go on, and all is well afterwards',
    async (_, fault, reason) => {
      proxy.break(fault, { cut: true });
      // Before anybody has noticed.
      const early = [run('early', 'h2'), told('exec', 'exec', 'on-h2', 'true')];
      await expect
        .poll(() => node('h2'), { timeout: 60_000 })
        .toMatchObject({ state: 'suspect', reason: expect.stringMatching(reason) });
      // Meanwhile it ends, and nobody can be told.
      await on('h2', 'kill', 'on-h2');
      const late = await run('late', 'h2');
      expect(late.error).toMatch(/suspect|Docker Engine/);
      expect(late.ms).toBeLessThan(30_000);
      const other = await run('other', 'h1');
      expect(other.error).toBeUndefined();
      expect((await node('h1'))?.state).toBe('ready');
      for (const { name, error, ms } of await Promise.all(early)) {
        expect(error, name).toMatch(name === 'exec' ? /Error/ : /Docker Engine|engine|suspect/);
        expect(ms, name).toBeLessThan(45_000);
      }
      proxy.mend();
      await allIsWell([...(await Promise.all(early)).filter(({ name }) => name === 'early'), late, other]);
    },
  );

  it('takes four seconds for each answer: suspect with the reason, and each client has its container or an error', async () => {
    proxy.break(all(slow(4_000)), { cut: true });
    const runs = ['aa', 'bb', 'cc'].map((name) => run(name, 'h2'));
    await expect
      .poll(() => node('h2'), { timeout: 60_000 })
      .toMatchObject({ state: 'suspect', reason: expect.stringMatching(/no answer to a ping/) });
    runs.push(run('dd', 'h2'), run('other', 'h1'));
    for (const { name, error, ms } of await Promise.all(runs)) {
      if (error !== undefined) expect(error, name).toMatch(/Docker Engine|suspect/);
      expect(ms, name).toBeLessThan(90_000);
    }
    expect((await runs.at(-1))?.error).toBeUndefined();
    proxy.mend();
    await allIsWell(await Promise.all(runs));
  });
});

/** That part of an engine is broken, and for so many requests. */
const some =
  (which: RegExp, fault: EngineFault, times = 1): FaultOf =>
  (method, path) =>
    which.test(`${method} ${path}`) && times-- > 0 ? fault : undefined;

describe('an engine that does what it is asked, and tells something else', () => {
  const started = some(/POST .*\/start/, doneBut(500, 'text/html', HTML));
  it.each<[string, FaultOf]>([
    ['half of the answer to a create', some(/POST .*containers\/create/, halfAnswer)],
    ['a page instead of the ID', some(/POST .*containers\/create/, doneBut(502, 'text/html', HTML))],
    [
      'a number instead of the ID',
      some(/POST .*containers\/create/, doneBut(201, 'application/json', '{"Id":7}')),
    ],
    ['nothing instead of the ID', some(/POST .*containers\/create/, doneBut(201, 'application/json', ''))],
    ['a page for a start that was done', started],
    ['half of each look at a container', some(/GET .*containers\/\w+\/json/, halfAnswer, 4)],
  ])('%s: the container is there once, or its client heard that it is not', async (_, fault) => {
    proxy.break(fault);
    const runs = await Promise.all(['aa', 'bb'].map((name) => run(name, 'h2')));
    for (const { error } of runs) if (error !== undefined) expect(error).toMatch(/Docker Engine/);
    // A run that was made and could not be started is there, as with Docker.
    const may = runs.flatMap(({ name, error }) => (error === undefined ? [] : [name]));
    await allIsWell(runs, fault === started ? may : []);
  });

  it('inspect answers of another container change nothing of the one that was asked for', async () => {
    const a = await run('aa', 'h2', '-l', 'mine=a');
    const b = await run('bb', 'h2', '-l', 'mine=b');
    const [engineA = '', engineB = ''] = (await on('h2', 'inspect', '-f', '{{.Id}}', 'aa', 'bb')).split('\n');
    proxy.break((method, path) =>
      method === 'GET' && path.includes(`/containers/${engineA}/json`)
        ? async ({ res, forward }) => {
            const answer = await forward(path.replace(engineA, engineB));
            res.writeHead(answer.statusCode ?? 0, answer.headers);
            answer.pipe(res);
          }
        : undefined,
    );
    await on('h2', 'kill', 'aa');
    await expect.poll(() => on('h2', 'events', '--since', '2m', '--until', '0s')).toContain('name=aa');
    const labels = async () =>
      (await lab.docker(['ps', '-a', '--format', '{{.Names}} {{.Label "mine"}}'])).split('\n').sort();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await labels()).toEqual(['h1/on-h1 ', 'h2/aa a', 'h2/bb b', 'h2/on-h2 ']);
    expect(await on('h2', 'inspect', '-f', '{{.Id}} {{.State.Status}}', 'bb')).toBe(`${engineB} running`);
    proxy.mend();
    await allIsWell([a, b]);
  });
});

describe('events', () => {
  const ofEvents =
    (change: (part: Buffer) => Buffer | undefined): FaultOf =>
    (_, path) =>
      !path.includes('/events') || path.includes('until=')
        ? undefined
        : async ({ res, forward }) => {
            const answer = await forward();
            res.writeHead(answer.statusCode ?? 0, answer.headers);
            res.flushHeaders();
            answer.on('data', (part: Buffer) => {
              const changed = change(part);
              if (changed !== undefined) res.write(changed);
            });
          };

  let strange = 3;
  it.each<[string, (part: Buffer) => Buffer | undefined]>([
    ['never come, or are of other types', () => Buffer.from('{"Type":7,"Action":[],"Actor":null}\n')],
    [
      'begin as garbage',
      (part) => Buffer.concat([Buffer.from(strange-- > 0 ? '\u0000<garbage>\n' : ''), part]),
    ],
  ])('that %s: what ends is seen all the same, and comes back', async (_, change) => {
    proxy.break(ofEvents(change), { cut: true });
    await lab.waitReady();
    const started = () => on('h2', 'inspect', '-f', '{{.State.Running}} {{.State.StartedAt}}', 'on-h2');
    const before = await started();
    await on('h2', 'kill', 'on-h2');
    await expect
      .poll(async () => (await started()) !== before && (await started()).startsWith('true'), {
        timeout: 60_000,
      })
      .toBe(true);
    const a = await run('aa', 'h2');
    expect(a.error).toBeUndefined();
    await allIsWell([a]);
  });
});
