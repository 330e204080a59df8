import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { downLab, type Lab, openLab, ownName, startLab } from './lab.ts';
import { run, tryRun, until } from './run.ts';

/** A busy machine may let a host be suspect for a moment. */
const PATIENCE = { timeout: 60_000, interval: 500 };

describe('a lab with a manager', () => {
  const name = ownName();
  let lab: Lab;

  beforeAll(async () => {
    const up = [process.execPath, '--import', 'tsx', 'test/lab/cli.ts', 'up', '--name', name];
    await run([...up, '--hosts', '1', '--no-join']);
    expect(JSON.parse(await run([...up, '--json']))).not.toHaveProperty('cluster');
    await run([...up, '--hosts', '2', '--join', '--label', 'h1:rack=r1']);
    lab = openLab({ name });
    for (const host of lab.hosts) await ensureImage('busybox', host.engine);
  });
  afterAll(async () => {
    await downLab({ name });
  });

  async function stateOf(host: string, wanted: string): Promise<void> {
    await until(
      `state ${wanted} of ${host}`,
      async () => ((await lab.status()).find((one) => one.name === host)?.node === wanted ? true : undefined),
      { timeoutMs: 100_000, everyMs: 500 },
    );
  }

  it('has each host as a ready node, with its labels, behind one endpoint', async () => {
    const nodes = async () => {
      const listed = JSON.parse(await lab.berth(['node', 'ls', '--json']));
      return listed.map((node: { name: string; state: string; labels: object }) => [
        node.name,
        node.state,
        node.labels,
      ]);
    };
    await expect.poll(nodes, PATIENCE).toEqual([
      ['h1', 'ready', { rack: 'r1' }],
      ['h2', 'ready', {}],
    ]);
    expect(await lab.docker(['run', '--rm', '-e', 'constraint:rack==r1', 'busybox', 'echo', 'hello'])).toBe(
      'hello',
    );
    expect(lab.adminPassword).toMatch(/^\S{12,}$/);
  });

  it('prints by the command line what the library has, and leaves what runs alone', async () => {
    const pid = lab.managerPid;
    const up = [process.execPath, '--import', 'tsx', 'test/lab/cli.ts', 'up', '--json', '--name', name];
    const printed = async () => JSON.parse(await run(up));
    expect((await printed()).cluster).toMatchObject({
      endpoint: lab.endpoint,
      api: lab.addresses.api,
      managerPid: pid,
    });
    const h2 = {
      name: 'h2',
      address: lab.host('h2').address,
      engine: lab.host('h2').engine,
      state: 'up',
      node: 'ready',
      agent: true,
    };
    await expect.poll(async () => (await lab.status())[1], PATIENCE).toEqual(h2);
    await expect.poll(async () => (await printed()).hosts[1], PATIENCE).toEqual(h2);
  });

  it('is not made into a lab without manager', async () => {
    await expect(startLab({ name, join: false })).rejects.toThrow(`lab "${name}" has a manager already`);
    expect(lab.managerPid).toBeGreaterThan(1);
  });

  it('loses a killed host, and has it back after start', async () => {
    await lab.kill('h2');
    await stateOf('h2', 'down');
    await lab.start('h2');
    for (const host of ['h1', 'h2']) await stateOf(host, 'ready');
  });

  it('loses a cut host, and has it back after heal', async () => {
    await lab.cut('h2');
    await stateOf('h2', 'down');
    await lab.heal('h2');
    await stateOf('h2', 'ready');
  });

  it('ends an agent alone, and starts it again', async () => {
    await lab.killAgent('h1');
    expect((await lab.status())[0]).toMatchObject({ state: 'up', agent: false });
    expect(await lab.docker(['version', '--format', '{{.Server.Version}}'], 'h1')).not.toBe('');
    await lab.start('h1');
    await stateOf('h1', 'ready');
    expect((await lab.status())[0]).toMatchObject({ agent: true });
  });

  it('ends the manager, and starts it again with what it had', async () => {
    const before = lab.managerPid;
    await lab.killManager();
    await lab.killManager();
    expect(lab.managerPid).toBeUndefined();
    expect((await tryRun(['docker', '-H', lab.endpoint, 'info'])).stdout).not.toContain('h1');
    await lab.restartManager();
    expect(lab.managerPid).not.toBe(before);
    await lab.waitReady();
    await lab.restartManager();
    await lab.waitReady();
  });

  it('down takes manager and agents with it', async () => {
    await lab.down();
    expect(
      (await run(['ps', '-eo', 'args', '-ww'])).split('\n').filter((line) => line.includes(name)),
    ).toEqual([]);
  });
});
