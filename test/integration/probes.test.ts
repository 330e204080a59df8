import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';

/**
 * A web server of `/www`, which is live again after each start. A liveness probe that finds `/dead` has it started again;
 * its first process ends by `kill`, so that a stop does not wait.
 */
const PROGRAM =
  'rm -f /dead; mkdir -p /www; trap exit TERM; httpd -p 80 -h /www; while :; do sleep 0.1; done';

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({ hosts: 1 });
  await ensureImage('busybox', lab.endpoint);
  await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet', '10.52.0.0/24', 'front']);
});
afterAll(() => lab?.down());

const cluster = async (...args: string[]) => (await lab.docker(args)).trim();
const plain = async (...args: string[]) => (await lab.docker(args, 'h1')).trim();

const run = (name: string, labels: readonly string[], ...options: string[]) => {
  const named = labels.flatMap((label) => ['--label', `berth.${label}`]);
  return cluster('run', '-d', '--name', name, ...named, ...options, 'busybox', 'sh', '-c', PROGRAM);
};
const quick = (kind: 'probe' | 'liveness') => [`${kind}.interval_seconds=0.3`, `${kind}.timeout_seconds=10`];
const exec = (name: string, ...argv: string[]) => plain('exec', name, ...argv);

const inspect = (name: string, format: string) => cluster('inspect', '-f', `{{${format}}}`, name);
const becomes = (name: string, health: string) =>
  expect
    .poll(() => inspect(name, '.State.Health.Status'), { timeout: 60_000, interval: 100, message: name })
    .toBe(health);
const lastOutput = async (name: string) => {
  const looks = JSON.parse(await inspect(name, 'json .State.Health.Log')) as readonly { Output: string }[];
  return looks.at(-1)?.Output;
};
const startedAt = (name: string) => plain('inspect', '-f', '{{.State.StartedAt}}', name);
const restarted = (name: string, before: string) =>
  expect.poll(() => startedAt(name), { timeout: 60_000, interval: 100, message: name }).not.toBe(before);
/** Whether another container finds it by its name. */
const isNamed = async (name: string) =>
  (await lab.exec('h1', ['docker', 'exec', 'client', 'nslookup', name, '169.254.53.53'])).stdout.includes(
    '10.52.0.',
  );

const KINDS = [
  ['http', ['probe.url=http://container/ok'], ['--net', 'front']],
  ['tcp', ['probe.url=tcp://container:81'], []],
  ['exec', ['probe.cmd=test -e /www/ok']],
] as const;

describe('probes of real containers', () => {
  it('turn with what they find, by http, tcp and a command, and lead names', async () => {
    await Promise.all(
      KINDS.map(([name, labels, options = []]) => run(name, [...labels, ...quick('probe')], ...options)),
    );
    await cluster('run', '-d', '--name', 'client', '--net', 'front', 'busybox', 'sleep', '3600');
    const since = `${Math.floor(Date.now() / 1000)}`;
    for (const [name] of KINDS) await becomes(name, 'unhealthy');
    // The first look may have been before its server listened.
    await expect.poll(() => lastOutput('http'), { timeout: 60_000 }).toBe('HTTP 404 Not Found');
    await expect.poll(() => isNamed('http')).toBe(false);
    await Promise.all([
      exec('http', 'touch', '/www/ok'),
      exec('tcp', 'httpd', '-p', '81'),
      exec('exec', 'touch', '/www/ok'),
    ]);
    for (const [name] of KINDS) await becomes(name, 'healthy');
    await expect.poll(() => isNamed('http'), { timeout: 60_000 }).toBe(true);
    const healthy = ['ps', '--filter', 'health=healthy', '--format', '{{.Names}} {{.Status}}'];
    expect((await cluster(...healthy)).split('\n').sort()).toEqual(
      ['exec', 'http', 'tcp'].map((name) => expect.stringMatching(`^h1/${name} Up .* \\(healthy\\)$`)),
    );
    // Nothing has been restarted, and nobody has heard of the commands that were run.
    const until = `${Math.ceil(Date.now() / 1000)}`;
    const events = await cluster(
      'events',
      '--since',
      since,
      '--until',
      until,
      '--format',
      '{{.Actor.Attributes.name}} {{.Action}}',
    );
    expect(events.split('\n')).toContain('exec health_status: healthy');
    expect(events.split('\n').filter((line) => line.startsWith('exec exec_'))).toEqual(
      ['exec_create: touch /www/ok', 'exec_start: touch /www/ok', 'exec_die'].map(
        (action) => `exec ${action}`,
      ),
    );
    // Their own starts may be of the second with which the events begin.
    const lines = events.split('\n');
    const later = lines.slice(lines.indexOf('client create') + 1).join('\n');
    expect(later).not.toMatch(/^(http|tcp|exec) (re)?start$/m);
  });

  it('go on over a SIGKILL of the agent: nothing is forgotten, nothing is told twice', async () => {
    const since = `${Math.ceil(Date.now() / 1000)}`;
    await lab.killAgent('h1');
    await lab.join('h1');
    await lab.waitReady();
    for (const [name] of KINDS) expect(await inspect(name, '.State.Health.Status')).toBe('healthy');
    await sleep(1_500);
    await exec('http', 'rm', '/www/ok');
    await becomes('http', 'unhealthy');
    const until = `${Math.ceil(Date.now() / 1000)}`;
    const filter = ['--filter', 'type=container', '--format', '{{.Actor.Attributes.name}} {{.Action}}'];
    const events = (await cluster('events', '--since', since, '--until', until, ...filter)).split('\n');
    expect(events.filter((line) => line.includes('health_status'))).toEqual([
      'http health_status: unhealthy',
    ]);
    for (const [name] of KINDS.slice(1)) expect(await inspect(name, '.State.Health.Status')).toBe('healthy');
  });

  it('a command that does not end is killed', async () => {
    await run('hangs', ['probe.cmd=sleep 4711', 'probe.interval_seconds=0.3', 'probe.timeout_seconds=0.5']);
    await becomes('hangs', 'unhealthy');
    await expect.poll(() => lastOutput('hangs')).toBe('no answer within 0.5 s');
    const processes = async () =>
      (await exec('hangs', 'ps')).split('\n').filter((line) => line.includes('sleep 4711')).length;
    // The line of the shell that was asked for, and what it runs, of one look at most.
    await expect.poll(processes).toBeLessThanOrEqual(2);
  });

  it('liveness restarts what hangs, counted, also with the manager away', async () => {
    await run('live', ['liveness.cmd=test ! -e /dead', ...quick('liveness')]);
    await becomes('live', 'healthy');
    const first = await startedAt('live');
    await exec('live', 'touch', '/dead');
    await restarted('live', first);
    await becomes('live', 'healthy');
    await expect.poll(() => inspect('live', '.RestartCount')).toBe('1');
    await lab.killManager();
    const second = await startedAt('live');
    await exec('live', 'touch', '/dead');
    await restarted('live', second);
    const third = await startedAt('live');
    await lab.restartManager();
    await lab.waitReady();
    await becomes('live', 'healthy');
    await expect.poll(() => inspect('live', '.RestartCount')).toBe('2');
    expect(await startedAt('live')).toBe(third);
    expect(await cluster('ps', '--filter', 'name=live', '--format', '{{.Status}}')).toContain('(healthy)');
  });
});
