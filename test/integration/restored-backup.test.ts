import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { startManager, stopManager } from '../lab/cluster.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/** A lab of its own: its manager loses its memory. */
let lab: Lab;
let backup: string;
const database = () => join(lab.addresses.dataDir, 'berth.db');

beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  await ensureImage('busybox', lab.endpoint);
  backup = `${database()}.backup`;
});
afterAll(() => lab?.down());

const until = (what: () => Promise<unknown>) => expect.poll(what, { timeout: 60_000, interval: 200 });
const start = (name: string, ...flags: string[]) =>
  lab.docker(['run', '-d', '--stop-signal', 'KILL', '--name', name, ...flags, 'busybox', 'sleep', '3600']);
const lines = (text: string) => text.split('\n').filter(Boolean).sort();
/** Names of what runs, by the engines themselves. */
async function running(): Promise<string[]> {
  const all = await Promise.all(
    ['h1', 'h2'].map((host) => lab.exec(host, ['docker', 'ps', '--format', '{{.Names}}'])),
  );
  return all.flatMap(({ stdout }) => lines(stdout)).sort();
}
/** Names of what the cluster lists as running, without their hosts. */
const listed = async () =>
  lines(await lab.docker(['ps', '--format', '{{.Names}}'])).map((name) => name.split('/').at(-1));
const subnetOf = (network: string) =>
  lab.docker(['network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Subnet}}{{end}}', network]);
type Orphan = { name: string; hostName: string; state: string };
const orphans = async (): Promise<Orphan[]> => JSON.parse(await lab.berth(['orphan', 'ls', '--json']));

it('leaves what the restored database does not know running, shows it, and lets it be adopted or removed', async () => {
  await start('old', '-e', 'constraint:node==h1');
  await start('stopped', '-e', 'constraint:node==h1');
  await stopManager(lab.plan);
  copyFileSync(database(), backup);
  await startManager(lab.plan);
  await lab.waitReady();
  // All of this is not in the backup.
  await lab.docker(['network', 'create', '-d', 'xoverlay', 'x1']);
  const subnet = await subnetOf('x1');
  await start('kept', '-e', 'constraint:node==h1', '-v', 'files:/data', '--network', 'x1');
  await start('away', '-e', 'constraint:node==h2');
  const id = (await lab.docker(['inspect', '--format', '{{.Id}}', 'kept'])).trim();
  const engineId = (await lab.exec('h1', ['docker', 'inspect', '--format', '{{.Id}}', 'kept'])).stdout;
  await lab.docker(['exec', 'kept', 'sh', '-c', 'echo data > /data/file']);
  for (let i = 0; i < 3; i++) await lab.docker(['restart', '-t', '0', 'stopped']);
  await lab.docker(['stop', 'stopped']);
  await stopManager(lab.plan);
  for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
  copyFileSync(backup, database());
  await startManager(lab.plan);
  await lab.waitReady();

  await until(async () =>
    (await orphans()).map(({ hostName, name, state }) => `${hostName}/${name} ${state}`),
  ).toEqual(['h1/kept running', 'h2/away running']);
  await until(listed).toEqual(expect.arrayContaining(['kept', 'away']));
  expect(await lab.berth(['status', '--json'])).toContain(
    '2 containers run on that this database does not know',
  );
  expect(await lab.docker(['exec', 'kept', 'cat', '/data/file'])).toBe('data');
  // What the database knows is as the database has it, and does what it is told from now on.
  await until(running).toEqual(['away', 'kept', 'old', 'stopped']);
  await lab.docker(['stop', 'stopped']);
  expect(await running()).toEqual(['away', 'kept', 'old']);
  await lab.docker(['start', 'stopped']);
  expect(await running()).toEqual(['away', 'kept', 'old', 'stopped']);

  // Neither a new life of the agent nor one of the manager takes them away.
  // What a host holds that is away while the manager starts is kept from others meanwhile.
  await lab.killAgent('h1');
  await lab.restartManager();
  await until(async () => (await orphans()).map(({ hostName, name }) => `${hostName}/${name}`)).toEqual([
    'h1/kept',
    'h2/away',
  ]);
  await lab.docker(['network', 'create', '-d', 'xoverlay', 'x2']);
  expect(await subnetOf('x2')).not.toBe(subnet);
  await lab.join('h1');
  await lab.waitReady();
  await until(async () => (await orphans()).map(({ state }) => state)).toEqual(['running', 'running']);
  expect(await running()).toEqual(['away', 'kept', 'old', 'stopped']);

  await lab.berth(['orphan', 'adopt', 'kept']);
  expect((await lab.docker(['inspect', '--format', '{{.Id}}', 'kept'])).trim()).toBe(id);
  expect((await lab.exec('h1', ['docker', 'inspect', '--format', '{{.Id}}', 'kept'])).stdout).toBe(engineId);
  expect(await subnetOf('x1')).toBe(subnet);
  await lab.docker(['restart', '-t', '0', 'kept']);
  expect(await lab.docker(['exec', 'kept', 'cat', '/data/file'])).toBe('data');
  await lab.berth(['orphan', 'rm', 'away', '--yes']);
  await until(running).toEqual(['kept', 'old', 'stopped']);
  await until(orphans).toEqual([]);
  await until(async () =>
    lines(await lab.docker(['ps', '-a', '--format', '{{.Names}}'])).map((one) => one.split('/').at(-1)),
  ).toEqual(['kept', 'old', 'stopped']);
  await lab.docker(['rm', '-f', 'kept', 'old', 'stopped']);
  await lab.docker(['network', 'rm', 'x1', 'x2']);
  expect(await running()).toEqual([]);
});
