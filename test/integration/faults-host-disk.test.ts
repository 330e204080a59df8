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

it("a full disk under an agent's assignments: new wishes are refused and say why, the host keeps what it holds, and goes on when there is room", async () => {
  const folder = `${lab.host('h2').folder}/agent`;
  await lab.killAgent('h2');
  await onSmallDisk(folder, '4m');
  await lab.join('h2');
  await lab.waitReady();
  expect((await run('keeps', '-l', 'berth.restart=always', '-l', 'berth.failover=true')).code).toBe(0);
  const id = await lab.docker(['inspect', '-f', '{{.Id}}', 'keeps']);

  // What it has set aside for the next wishes goes with it.
  await fill(folder);
  await lab.killAgent('h2');
  await lab.join('h2');
  await lab.waitReady();
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
  const pid = await on('h2', 'cat', '/run/docker/dockerd.pid');
  await on('h2', 'kill', pid);
  await until(async () => (await lab.exec('h2', ['kill', '-0', pid])).code).not.toBe(0);
  await onSmallDisk(folder, '48m');
  await lab.start('h2');
  await ensureImage('busybox', lab.host('h2').engine);
  await until(async () => (await run('keeps', '-l', 'berth.restart=always')).code).toBe(0);

  await fill(folder);
  const refused = await run('no1');
  expect(refused.stderr).toMatch(/no space left on device/);
  const again = await run('no1');
  expect(again.stderr).toMatch(/no space left on device/);
  await plain('kill', 'keeps').catch(() => '');

  await free(folder);
  await until(() => started('keeps')).toMatch(/^true/);
  expect((await run('no1')).code).toBe(0);
  await until(names).toEqual(['keeps', 'no1']);
  await until(async () =>
    (await lab.docker(['ps', '-a', '--format', '{{.Names}}'])).split('\n').sort(),
  ).toEqual(['h2/keeps', 'h2/no1']);
});
