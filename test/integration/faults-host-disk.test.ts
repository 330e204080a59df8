import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';

/** A lab of its own: h2's agent, later its engine, have their data on a small disk. */
let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

const on = async (host: string, ...argv: string[]) => {
  const { code, stdout, stderr } = await lab.exec(host, argv);
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout.trim();
};
const plain = (...argv: string[]) => on('h2', 'docker', ...argv);
const tryDocker = (...argv: string[]) => tryRun(['docker', '-H', lab.endpoint, ...argv]);
const onH2 = ['-e', 'constraint:node==h2'];
const run = (name: string, ...flags: string[]) =>
  tryDocker('run', '-d', '--name', name, ...onH2, ...flags, 'busybox', 'sleep', '9000');
const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 300 });
const names = async () =>
  (await plain('ps', '-a', '--filter', 'label=berth.cluster', '--format', '{{.Names}}')).split('\n').sort();

type Node = { name: string; state: string; reason: string };
const node = async (name: string) =>
  (JSON.parse(await lab.berth(['node', 'ls', '--json'])) as Node[]).find((one) => one.name === name);

/** Puts a small disk, that only the host sees, in the place of a folder of it, with what is in that. */
async function onSmallDisk(folder: string, size: string): Promise<void> {
  await on('h2', 'mkdir', '-p', `${folder}.kept`);
  await on('h2', 'mount', '-t', 'tmpfs', '-o', `size=${size},mode=711`, 'tmpfs', `${folder}.kept`);
  await on('h2', 'cp', '-a', `${folder}/.`, `${folder}.kept/`);
  await on('h2', 'mount', '--move', `${folder}.kept`, folder);
}
const fill = (folder: string) => lab.exec('h2', ['dd', 'if=/dev/zero', `of=${folder}/fill`, 'bs=4k']);
const free = (folder: string) => on('h2', 'rm', '-f', `${folder}/fill`);
const started = (name: string) =>
  plain('inspect', '-f', '{{.State.Running}} {{.State.StartedAt}}', name).catch(() => '');

it('a full disk under what an agent keeps of networks: a host that would take part in one more refuses and says why, what is there goes on, and all is well when there is room', async () => {
  const folder = `${lab.host('h2').folder}/agent/networks`;
  // An agent that takes its time to start is no host that was lost: such a one gets nothing new for a while.
  await lab.berth(['settings', 'set', 'downAfterMs=60s']);
  await lab.killAgent('h2');
  await onSmallDisk(folder, '1m');
  await lab.join('h2');
  await lab.waitReady();
  for (const [name, subnet] of Object.entries({ near: '10.71.0.0/24', far: '10.72.0.0/24' }))
    await lab.docker(['network', 'create', '-d', 'xoverlay', `--subnet=${subnet}`, name]);
  const peer = ['-e', 'constraint:node==h1', '--net', 'near', '--name', 'peer'];
  await lab.docker(['run', '-d', ...peer, 'busybox', 'sleep', '9000']);
  expect((await run('keeps', '--net', 'near')).code).toBe(0);
  const FULL = /cannot write its networks to \S+agent\/networks \(ENOSPC.*\): free space there/;
  const asks = ['docker', 'exec', 'keeps', 'nslookup', 'peer'];
  const talks = () =>
    until(async () => {
      const [ping, found] = [
        await lab.exec('h2', ['docker', 'exec', 'keeps', 'ping', '-c', '1', 'peer']),
        await lab.exec('h2', asks),
      ];
      return `${ping.code} ${/10\.71\.0\.\d+/.test(found.stdout)}`;
    }).toBe('0 true');
  await talks();
  const spaces = () => on('h2', 'ls', '/run/netns');
  const before = await spaces();

  await fill(folder);
  for (const again of [1, 2]) {
    const refused = await run('late', '--net', 'far');
    expect(refused.code, `${again}`).not.toBe(0);
    expect(refused.stderr).toMatch(FULL);
  }
  // Of an address for plain docker only the host knows; it is given back.
  await expect(plain('run', '--rm', '--net', 'near', 'busybox', 'true')).rejects.toThrow(FULL);
  const byHand = () => lab.berth(['ip', 'ls', 'near']);
  await until(byHand).not.toMatch(/plain docker/);
  expect(await plain('network', 'ls', '--format', '{{.Name}}')).not.toMatch(/^far$/m);
  expect(await spaces()).toBe(before);
  // A network that the host has needs nothing new on the disk.
  expect((await run('joins', '--net', 'near')).code).toBe(0);
  await talks();
  await lab.killAgent('h2');
  await lab.join('h2');
  await lab.waitReady();
  await talks();
  expect((await run('late', '--net', 'far')).stderr).toMatch(FULL);

  await free(folder);
  expect((await run('late', '--net', 'far')).code).toBe(0);
  const ip = '{{.NetworkSettings.Networks.near.IPAddress}}';
  const address = (await lab.docker(['inspect', '-f', ip, 'peer'])).trim();
  await plain('run', '-d', '--name', 'byhand', '--net', 'near', 'busybox', 'sleep', '9000');
  const ping = ['docker', 'exec', 'byhand', 'ping', '-c', '1', '-W', '5', address];
  await until(async () => (await lab.exec('h2', ping)).code).toBe(0);
  await until(byHand).toMatch(/plain docker/);
  await plain('rm', '-f', 'byhand');
  await until(byHand).not.toMatch(/plain docker/);
  await lab.killAgent('h2');
  await lab.join('h2');
  await lab.waitReady();
  expect(await on('h2', 'find', folder)).not.toMatch(/unreadable/);
  await until(names).toEqual(['joins', 'keeps', 'late']);
  await talks();
  await lab.docker(['rm', '-f', 'joins', 'keeps', 'late', 'peer']);
  for (const name of ['near', 'far'])
    await until(async () => (await tryDocker('network', 'rm', name)).stderr).toMatch(/^$|not found/);
  await lab.berth(['settings', 'set', 'downAfterMs=5s']);
});

it("a full disk under an agent's assignments: new wishes are refused and say why, the host keeps what it holds, and goes on when there is room", async () => {
  const folder = `${lab.host('h2').folder}/agent`;
  // As above: its agent takes its time to start, twice, and once more below.
  await lab.berth(['settings', 'set', 'downAfterMs=60s']);
  await lab.killAgent('h2');
  // Its journals take a whole MiB each, and on a busy machine it has three of them for a while, and makes one more.
  await onSmallDisk(folder, '12m');
  await lab.join('h2');
  await lab.waitReady();
  expect((await run('keeps', '-l', 'berth.restart=always', '-l', 'berth.failover=true')).code).toBe(0);
  const id = await lab.docker(['inspect', '-f', '{{.Id}}', 'keeps']);

  // What it has set aside for the next wishes goes with it.
  await fill(folder);
  await lab.killAgent('h2');
  await lab.join('h2');
  await lab.waitReady();
  await lab.berth(['settings', 'set', 'downAfterMs=5s']);
  const FULL = /host cannot write its assignments to .*agent.*ENOSPC.*free space/;
  const refused = [await tryDocker('stop', '-t', '0', 'keeps')];
  const late = await run('no1');
  expect(late.stderr).toMatch(/h2.*suspect|suspect|cannot write its assignments/);
  for (const { code, stderr } of refused) {
    expect(stderr).toMatch(FULL);
    expect(code).not.toBe(0);
  }
  await until(() => node('h2')).toMatchObject({ state: 'suspect', reason: expect.stringMatching(FULL) });
  // The other host goes on, and what comes new goes there.
  expect((await tryDocker('run', '-d', '--name', 'elsewhere', 'busybox', 'sleep', '9000')).code).toBe(0);
  // It still holds what it has: what ends comes back, and nothing is taken away from a host that lives.
  const before = await started('keeps');
  await plain('kill', 'keeps');
  await until(async () => (await started('keeps')) !== before && (await started('keeps'))).toMatch(/^true/);
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  expect((await node('h2'))?.state).toBe('suspect');
  expect(await names()).toEqual(['keeps']);
  // Killed meanwhile: nothing of what it held is torn.
  await lab.berth(['settings', 'set', 'downAfterMs=60s']);
  await lab.killAgent('h2');
  await lab.join('h2');

  await free(folder);
  await lab.waitReady();
  expect((await run('after')).code).toBe(0);
  await until(names).toEqual(['after', 'keeps']);
  expect(await lab.docker(['inspect', '-f', '{{.Id}} {{.State.Running}}', 'keeps'])).toBe(`${id} true`);
  expect(await on('h2', 'find', folder)).not.toMatch(/unreadable/);
  await lab.docker(['rm', '-f', 'keeps', 'after', 'elsewhere']);
});

it('a full disk under an engine: its words reach the client, nothing half made is left, and what ended comes back when there is room', async () => {
  const folder = `${lab.host('h2').folder}/docker`;
  // As above: on a busy machine it is away for longer than a host may be that gets something new at once.
  await lab.berth(['settings', 'set', 'downAfterMs=60s']);
  const pid = await on('h2', 'cat', '/run/docker/dockerd.pid');
  await on('h2', 'kill', pid);
  await until(async () => (await lab.exec('h2', ['kill', '-0', pid])).code).not.toBe(0);
  await onSmallDisk(folder, '48m');
  await lab.start('h2');
  await ensureImage('busybox', lab.host('h2').engine);
  await until(async () => {
    await tryDocker('rm', '-f', 'keeps'); // what an attempt has left that came while the host was not whole yet
    const { code, stderr } = await run('keeps', '-l', 'berth.restart=always');
    return code === 0 ? 'runs' : stderr;
  }).toBe('runs');

  await fill(folder);
  const refused = await run('no1');
  expect(refused.stderr).toMatch(/no space left on device/);
  const again = await run('no1');
  expect(again.stderr).toMatch(/no space left on device/);
  await plain('kill', 'keeps').catch(() => '');

  await free(folder);
  await until(() => started('keeps')).toMatch(/^true/);
  await until(async () => {
    const { code, stderr } = await run('no1');
    return code === 0 ? 'runs' : stderr;
  }).toBe('runs');
  await until(names).toEqual(['keeps', 'no1']);
  await until(async () =>
    (await lab.docker(['ps', '-a', '--format', '{{.Names}}'])).split('\n').sort(),
  ).toEqual(['h2/keeps', 'h2/no1']);
});
