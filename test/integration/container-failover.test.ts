import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { until } from '../lab/run.ts';

/**
 * A first process that ends as it is told by files, each taken away before it counts: `exit` ends it with a failure,
 * `hog` makes it take more memory than it may.
 */
const PROGRAM = `while :; do
  if [ -e /exit ]; then rm /exit; exit 3; fi
  if [ -e /hog ]; then rm /hog; hog=0123456789; while :; do hog=$hog$hog; done; fi
  sleep 0.1
done`;

/** Who brings it back: the agent by the label, or the engine by Docker's policy and the agent where it is gone. */
const POLICIES = {
  label: ['--label', 'berth.restart=always'],
  docker: ['--restart', 'always'],
} as const;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

/** On the host itself, past Berth. */
const plain = async (...args: string[]) => (await lab.docker(args, 'h1')).trim();
const cluster = async (...args: string[]) => (await lab.docker(args)).trim();
const run = (name: string, ...options: string[]) =>
  cluster(
    'run',
    '-d',
    '--name',
    name,
    '-l',
    `mine=${name}`,
    ...options,
    '-m',
    '24m',
    '-v',
    `${name}:/data`,
    'busybox',
    'sh',
    '-c',
    PROGRAM,
  );

type Seen = { engineId: string; startedAt: string; status: string };
async function seen(name: string): Promise<Seen | undefined> {
  const format = '{{.Id}} {{.State.StartedAt}} {{.State.Status}}';
  const line = await plain('inspect', '--type', 'container', '-f', format, name).catch(() => undefined);
  const [engineId = '', startedAt = '', status = ''] = line?.split(' ') ?? [];
  return line === undefined ? undefined : { engineId, startedAt, status };
}

/** Runs again: started since `before`. */
async function isBack(name: string, before: Seen | undefined): Promise<Seen> {
  return until(
    `the return of ${name}`,
    async () => {
      const now = await seen(name);
      return now?.status === 'running' && now.startedAt !== before?.startedAt ? now : undefined;
    },
    { timeoutMs: 100_000, everyMs: 100 },
  );
}

const ENDS: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  exit: (name) => plain('exec', name, 'touch', '/exit'),
  kill: async (name) => lab.exec('h1', ['kill', '-9', await plain('inspect', '-f', '{{.State.Pid}}', name)]),
  oom: (name) => plain('exec', name, 'touch', '/hog'),
  remove: (name) => plain('rm', '-f', name),
};
const ids = new Map<string, string>();
const cases = Object.keys(POLICIES).flatMap((policy) =>
  Object.keys(ENDS).map((end) => [`${end}-${policy}`, end] as const),
);

/** Ends every container in its way and waits until all of them are back, each once. */
async function endAll(): Promise<void> {
  await Promise.all(
    cases.map(async ([name, end]) => {
      const before = await seen(name);
      await ENDS[end]?.(name);
      const after = await isBack(name, before);
      expect(after.engineId === before?.engineId, name).toBe(end !== 'remove');
    }),
  );
  for (const [name, id] of ids) {
    const copies = await plain('ps', '-aq', '--filter', `label=berth.cluster.id=${id}`);
    expect(copies.split('\n'), name).toHaveLength(1);
  }
}

describe('a container comes back on its host', () => {
  it('after an exit, a SIGKILL, an OOM kill and a removal on the host', async () => {
    await Promise.all(
      Object.entries(POLICIES).flatMap(([policy, options]) =>
        Object.keys(ENDS).map(async (end) =>
          ids.set(`${end}-${policy}`, await run(`${end}-${policy}`, ...options)),
        ),
      ),
    );
    await endAll();
    const killed = async () => {
      const now = Math.ceil(Date.now() / 1000);
      const window = ['--since', `${now - 600}`, '--until', `${now}`, '--filter', 'event=oom'];
      const names = await plain('events', ...window, '--format', '{{.Actor.Attributes.name}}');
      return [...new Set(names.split('\n'))].sort();
    };
    await expect.poll(killed).toEqual(['oom-docker', 'oom-label']);
    for (const [name, id] of ids) expect(await cluster('inspect', '-f', '{{.Id}}', name)).toBe(id);
    for (const name of ['exit-label', 'exit-docker'])
      await expect.poll(() => cluster('inspect', '-f', '{{.RestartCount}}', name)).toBe('1');
  });

  it('also while the manager is down, by the same cluster ID and with the same label afterwards', async () => {
    await lab.killManager();
    await endAll();
    await lab.restartManager();
    await lab.waitReady();
    for (const [name, id] of ids) {
      const format = '{{.Id}} {{.State.Status}} {{(index .Mounts 0).Name}} {{.Config.Labels.mine}}';
      await expect.poll(() => cluster('inspect', '-f', format, name)).toBe(`${id} running ${name} ${name}`);
    }
    await cluster('rm', '-f', ...ids.keys());
    expect(await plain('ps', '-aq')).toBe('');
  });

  it('stays down as the user wants it, and as its policy has it', async () => {
    await Promise.all([
      run('stopped', ...POLICIES.label),
      run('killed', ...POLICIES.label),
      run('by-hand', '--label', 'berth.restart=unless-stopped'),
      run('always', ...POLICIES.label),
      run('no-policy'),
    ]);
    const before = await seen('always');
    await Promise.all([
      cluster('stop', '-t', '0', 'stopped'),
      cluster('kill', 'killed'),
      plain('stop', '-t', '0', 'by-hand'),
      plain('stop', '-t', '0', 'always'),
      plain('rm', '-f', 'no-policy'),
    ]);
    await isBack('always', before);
    await sleep(3_000);
    for (const name of ['stopped', 'killed', 'by-hand'])
      expect((await seen(name))?.status, name).toBe('exited');
    expect(await seen('no-policy')).toBeUndefined();
    // A host has ten seconds to make what is new to it, and a busy machine adds its own.
    const listed = () => cluster('ps', '-a', '--filter', 'status=dead', '--format', '{{.Names}} {{.Status}}');
    await expect.poll(listed, { timeout: 60_000 }).toBe('h1/no-policy Lost (removed on its host)');
    await expect(cluster('container', 'inspect', 'no-policy')).rejects.toThrow(
      'it was removed on its host h1',
    );
    await cluster('rm', '-f', 'no-policy', 'stopped', 'killed', 'by-hand', 'always');
    expect(await plain('ps', '-aq')).toBe('');
  });

  it("after the engine's own restart, which stops its containers as a hand does", async () => {
    await run('survivor', '--label', 'berth.restart=unless-stopped');
    const before = await seen('survivor');
    const pid = (await lab.exec('h1', ['cat', '/run/docker/dockerd.pid'])).stdout.trim();
    await lab.exec('h1', ['kill', '-TERM', pid]);
    await until(
      'the end of the engine',
      async () => ((await lab.exec('h1', ['kill', '-0', pid])).code === 0 ? undefined : true),
      { timeoutMs: 100_000, everyMs: 100 },
    );
    await lab.start('h1');
    await isBack('survivor', before);
  });
});
