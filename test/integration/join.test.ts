import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/** A lab of its own: hosts leave it and come to it again. */
let lab: Lab;
let folder = '';
beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  folder = join(lab.plan.folder, 'joined');
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

type Node = { name: string; state: string; labels: Record<string, string>; reason: string };
const nodes = async () => JSON.parse(await lab.berth(['node', 'ls', '--json'])) as Node[];
const node = async (name: string) => (await nodes()).find((one) => one.name === name);

/** Types a join command on h2, as root with nothing but the system's own programs on the path. */
async function typeOnH2(command: string, dataDir: string, name: string) {
  const { engine } = lab.host('h2');
  const flags = `--engine ${engine} --data-dir ${dataDir} --bin-dir ${folder}/bin --name ${name} --no-install`;
  return lab.exec('h2', [
    'env',
    '-i',
    'PATH=/usr/bin:/bin:/usr/sbin:/sbin',
    'sh',
    '-c',
    `${command} ${flags}`,
  ]);
}
async function newCommand(...flags: string[]): Promise<{ command: string; token: string }> {
  return JSON.parse(await lab.berth(['token', 'create', '--json', ...flags])) as {
    command: string;
    token: string;
  };
}

describe('a host joins by one line', () => {
  it('refuses to remove a host with containers, says what --force loses, and shuts its agent out', async () => {
    await lab.docker(['run', '-d', '--name', 'lost', '-e', 'constraint:node==h2', 'busybox', 'sleep', '600']);
    await expect(lab.berth(['node', 'rm', '--yes', 'h2'])).rejects.toThrow(/lost/);
    expect(await lab.berth(['node', 'rm', '--yes', '--force', 'h2'])).toMatch(/lost/);
    expect((await nodes()).map((one) => one.name)).toEqual(['h1']);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await nodes()).map((one) => one.name)).toEqual(['h1']);
    await lab.killAgent('h2');
  });

  it('joins with the self-contained agent, its token labels on it', async () => {
    const { command, token } = await newCommand('--label', 'rack=r9');
    expect(command).not.toContain('\n');
    const { code, stdout, stderr } = await typeOnH2(command, `${folder}/data`, 'second');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('fetching the agent from');
    await lab.waitReady(['h1']);
    await expect
      .poll(() => node('second'), { timeout: 60_000 })
      .toMatchObject({ state: 'ready', labels: { rack: 'r9' } });
    const pid = (await lab.exec('h2', ['cat', `${folder}/data/agent.pid`])).stdout.trim();
    const { stdout: program } = await lab.exec('h2', ['readlink', `/proc/${pid}/exe`]);
    expect(program.trim()).toBe(`${folder}/bin/berth-agent`);
    expect(
      await lab.docker(['run', '--rm', '-e', 'constraint:rack==r9', 'busybox', 'echo', 'there']),
    ).toContain('there');

    const again = await typeOnH2(command, `${folder}/other`, 'third');
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('was already used by host second');
    expect(again.stderr).toContain('berth token create');
    expect(again.stdout + again.stderr).not.toContain(token.split('-')[2]);
  });

  it('refuses a copied data directory on another machine', async () => {
    const { engine } = lab.host('h1');
    await lab.exec('h1', ['cp', '-a', `${folder}/data`, `${folder}/copy`]);
    const agent = [
      `${folder}/bin/berth-agent`,
      'agent',
      '--foreground',
      '--data-dir',
      `${folder}/copy`,
      '--engine',
      engine,
    ];
    const { stdout, stderr } = await lab.exec('h1', ['timeout', '20', ...agent]);
    expect(stdout + stderr).toMatch(/belongs to another machine|from another machine/);
    expect(await node('second')).toMatchObject({ state: 'ready' });
  });

  it('refuses an expired token and one of another cluster, each with what to do', async () => {
    const { command: short } = await newCommand('--ttl', '1s');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const expired = await typeOnH2(short, `${folder}/late`, 'late');
    expect(expired.code).not.toBe(0);
    expect(expired.stderr).toMatch(/expired .*berth token create/s);

    const { token } = await newCommand();
    const parts = token.split('-');
    const foreign = [...parts.slice(0, 3), 'a'.repeat(64)].join('-');
    const { engine } = lab.host('h2');
    const manager = new URL(lab.addresses.api).host;
    const argv = [
      `${folder}/bin/berth-agent`,
      'agent',
      '--join',
      foreign,
      '--manager',
      manager,
      '--engine',
      engine,
    ];
    const refused = await lab.exec('h2', [...argv, '--data-dir', `${folder}/foreign`, '--name', 'foreign']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/another cluster|hash/);
  });

  it('keeps new containers off a cordoned host', async () => {
    await lab.berth(['node', 'cordon', 'second']);
    await expect(
      lab.docker(['run', '--rm', '-e', 'constraint:node==second', 'busybox', 'true']),
    ).rejects.toThrow(/cordon/);
    await lab.berth(['node', 'uncordon', 'second']);
    await lab.docker(['run', '--rm', '-e', 'constraint:node==second', 'busybox', 'true']);
  });
});
