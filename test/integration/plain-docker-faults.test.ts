import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { startManager, stopManager } from '../lab/cluster.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { tracesOn } from '../lab/traces.ts';

/** A lab of its own: agent and engine of h1 are killed, and the manager loses its memory. */
let lab: Lab;
let traces: string[];
beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  await ensureImage('busybox', lab.endpoint);
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet', '10.77.0.0/24', 'x1']);
  // Keeps the network of the cluster on the engine of the host.
  await lab.docker([
    'run',
    '-d',
    '--name',
    'web',
    '-e',
    'constraint:node==h1',
    '--net',
    'x1',
    'busybox',
    'sleep',
    '1d',
  ]);
  traces = await tracesOn(lab, 'h1');
});
afterAll(() => lab?.down());

/** Two looks of an agent at its engine, and an engine that waits for a plugin that is not there. */
const LONG = 400_000;
const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 500 });
const plain = async (...argv: string[]) => (await lab.docker(argv, 'h1')).trim();
const tryPlain = (...argv: string[]) => lab.exec('h1', ['docker', ...argv]);
const run = (name: string, net: string) =>
  plain('run', '-d', '--name', name, '--stop-timeout', '1', '--net', net, 'busybox', 'sleep', '1d');
const database = () => join(lab.addresses.dataDir, 'berth.db');

/** What the manager has on its disk for plain docker: networks, and addresses as `network-ID/ip`. */
async function records(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-records-'));
  try {
    for (const end of ['', '-wal'])
      if (existsSync(`${database()}${end}`)) copyFileSync(`${database()}${end}`, join(folder, `db${end}`));
    const db = new Database(join(folder, 'db'));
    const rows = db.prepare("SELECT tbl, json FROM records WHERE tbl IN ('networks', 'addresses')").all();
    db.close();
    return (rows as { tbl: string; json: string }[])
      .flatMap(({ tbl, json }) => {
        const record = JSON.parse(json);
        if (tbl === 'networks') return record.plainOn === undefined ? [] : [record.id];
        return record.holder.kind === 'endpoint' ? [`${record.networkId}/${record.ip}`] : [];
      })
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
/** The same, as the engine and the agent's file have it. */
async function onHost(): Promise<string[]> {
  const file = join(lab.host('h1').folder, 'agent', 'networks', 'networks.json');
  const { networks } = JSON.parse((await lab.exec('h1', ['cat', file])).stdout);
  const found: string[] = [];
  for (const { id, engineId, plain: own } of Object.values<{ id: string; engineId: string; plain?: boolean }>(
    networks,
  )) {
    const { code, stdout } = await tryPlain('network', 'inspect', engineId);
    if (code !== 0) continue;
    if (own === true) found.push(id);
    const containers: { Name: string; IPv4Address: string }[] = Object.values(
      JSON.parse(stdout)[0].Containers,
    );
    for (const { Name, IPv4Address } of containers)
      if (Name !== 'web') found.push(`${id}/${IPv4Address.split('/')[0]}`);
  }
  return found.sort();
}
const agree = async () => {
  const [manager, host] = [await records(), await onHost()];
  return String(manager) === String(host) ? 'agree' : { manager, host };
};

it(
  'an agent that is killed between question and answer: what the manager gave is given back',
  async () => {
    const pid = lab.managerPid ?? expect.fail();
    process.kill(pid, 'SIGSTOP');
    const asked = [
      tryPlain('run', '-d', '--name', 'lost', '--net', 'x1', 'busybox', 'sleep', '1d'),
      tryPlain('network', 'create', '-d', 'xoverlay', '--subnet=10.66.0.0/24', 'lost'),
    ];
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await lab.killAgent('h1');
    process.kill(pid, 'SIGCONT');
    // It has been given: nobody heard of it.
    await until(async () => (await records()).length).toBe(2);
    for (const { code } of await Promise.all(asked)) expect(code).not.toBe(0);
    await tryPlain('rm', '-f', 'lost');
    await lab.join('h1');
    await lab.waitReady();
    await until(records).toEqual([]);
    await until(agree).toBe('agree');
  },
  LONG,
);

it(
  'docker rm while no agent runs: the address is given back',
  async () => {
    await run('p1', 'x1');
    await run('p2', 'x1');
    await until(async () => (await records()).length).toBe(2);
    await lab.killAgent('h1');
    await tryPlain('rm', '-f', 'p1');
    await until(async () => (await records()).length).toBe(2);
    await lab.join('h1');
    await lab.waitReady();
    await until(async () => (await records()).length, 120_000).toBe(1);
    await until(agree).toBe('agree');
    expect((await plain('exec', 'p2', 'ip', '-o', '-4', 'addr', 'show', 'eth0')).split(/\s+/)[3]).toMatch(
      /^10\.77\.0\./,
    );
    await plain('rm', '-f', 'p2');
    await until(records).toEqual([]);
  },
  LONG,
);

it(
  'an engine that is killed with plain containers: in the end both have what runs',
  async () => {
    await plain('network', 'create', '-d', 'xoverlay', '--subnet=10.66.0.0/24', 'own');
    await run('p1', 'x1');
    await run('p2', 'own');
    await until(async () => (await records()).length).toBe(3);
    const pid = (await lab.exec('h1', ['cat', '/run/docker/dockerd.pid'])).stdout.trim();
    await lab.exec('h1', ['kill', '-9', pid]);
    await until(async () => (await lab.exec('h1', ['test', '-e', `/proc/${pid}`])).code).toBe(1);
    await lab.start('h1');
    await plain('start', 'p1');
    await until(agree, 240_000).toBe('agree');
    await until(async () => (await records()).length).toBe(2);
    await plain('start', 'p2');
    await until(agree).toBe('agree');
    await until(async () => (await records()).length).toBe(3);
    await plain('rm', '-f', 'p1', 'p2');
    await plain('network', 'rm', 'own');
    await until(records).toEqual([]);
  },
  LONG,
);

it(
  'a manager that was put back to before: what plain docker has since is taken in, and is nobody else’s',
  async () => {
    await stopManager(lab.plan);
    copyFileSync(database(), `${database()}.backup`);
    await startManager(lab.plan);
    await lab.waitReady();
    await plain('network', 'create', '-d', 'xoverlay', '--subnet=10.66.0.0/24', 'own');
    await run('p1', 'x1');
    await run('p2', 'own');
    const before = await records();
    expect(before).toHaveLength(3);
    const ip = await plain('inspect', '-f', '{{.NetworkSettings.Networks.x1.IPAddress}}', 'p1');
    await stopManager(lab.plan);
    for (const end of ['', '-wal', '-shm']) rmSync(`${database()}${end}`, { force: true });
    copyFileSync(`${database()}.backup`, database());
    expect(await records()).toEqual([]);
    await startManager(lab.plan);
    await lab.waitReady();
    await until(records).toEqual(before);
    await until(agree).toBe('agree');
    const taken = lab.docker(['run', '-d', '--net', 'x1', '--ip', ip, 'busybox', 'true']);
    await expect(taken).rejects.toThrow(/is held by container .* of plain docker on host h1/);
    await plain('rm', '-f', 'p1', 'p2');
    await plain('network', 'rm', 'own');
    await until(records).toEqual([]);
  },
  LONG,
);

it(
  'and nothing of it is left on the host',
  async () => {
    expect(
      await plain('ps', '-aq', '--filter', 'name=p1', '--filter', 'name=p2', '--filter', 'name=lost'),
    ).toBe('');
    await until(() => tracesOn(lab, 'h1')).toEqual(traces);
  },
  LONG,
);
