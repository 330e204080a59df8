import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { tryRun } from '../lab/run.ts';
import { Capture, Watch } from '../lab/watch.ts';

/** A lab of its own: a host dies, and comes back with what it had. */
let lab: Lab;
beforeAll(async () => {
  await ensureRequirements([
    ['tcpdump', 'tcpdump'],
    ['ping', 'iputils-ping'],
    ['curl', 'curl'],
  ]);
  lab = await startLab({ hosts: 3 });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(() => lab?.down());

const MOVED = '10.77.0.50';
const until = (what: () => Promise<unknown>, timeout = 100_000) =>
  expect.poll(what, { timeout, interval: 300 });

/** The command as it runs in the network namespace of a container on that host. */
async function inContainer(host: string, name: string, argv: readonly string[]): Promise<string[]> {
  const pid = (await lab.docker(['inspect', '-f', '{{.State.Pid}}', name], host)).trim();
  return lab.execArgv(host, ['nsenter', '--target', pid, '--net', '--', ...argv]);
}

async function hostOf(name: string): Promise<string> {
  return (await lab.docker(['inspect', '-f', '{{.Node.Name}} {{.State.Running}}', name])).trim();
}

async function placeOf(name: string): Promise<string> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.MacAddress}}{{end}}';
  return (await lab.docker(['inspect', '-f', format, name])).trim();
}

/** Of `ping -D`: when each answer came, seconds. */
function answersAt(lines: readonly string[]): number[] {
  return lines.flatMap((line) => {
    const [, at] = /^\[([\d.]+)\] \d+ bytes from/.exec(line) ?? [];
    return at === undefined ? [] : [Number(at)];
  });
}

/** Of `ping`: how many of its questions between the first and the last answer have none. */
function unanswered(lines: readonly string[]): number {
  const seqs = lines
    .flatMap((line) => /^\[[\d.]+\] \d+ bytes from .* icmp_seq=(\d+)/.exec(line)?.[1] ?? [])
    .map(Number);
  return Math.max(...seqs) - Math.min(...seqs) + 1 - new Set(seqs).size;
}

/** Hosts whose VXLAN packets, as tcpdump shows them on two lines, carry an answer by that address: ARP or any IP. */
function speakers(lines: readonly string[], address: string): string[] {
  const hosts = new Set<string>();
  let host = '';
  for (const line of lines) {
    const [, from] = /(\d+\.\d+\.\d+\.\d+)\.\d+ > \S+ VXLAN/.exec(line) ?? [];
    if (from !== undefined) host = from;
    else if (line.includes(`${address} >`) || line.includes(`Reply ${address} is-at`)) hosts.add(host);
  }
  return [...hosts];
}

describe('a container with an address on a host that dies', () => {
  let before: string;

  it('is on another host with the same IP and MAC, where its client finds it again', async () => {
    await lab.docker(['network', 'create', '-d', 'xoverlay', '--subnet', '10.77.0.0/24', 'moves']);
    const on = (host: string) => ['-e', `constraint:node==${host}`];
    const sleeper = ['busybox', 'sleep', '100000'];
    await lab.docker(['run', '-d', '--name', 'client', '--net', 'moves', ...on('h1'), ...sleeper]);
    const server = ['run', '-d', '--name', 'server', '--net', 'moves', '--ip', MOVED, '--stop-timeout', '1'];
    const policy = [
      '-e',
      'constraint:node!=h1',
      '-e',
      'constraint:node==~h2',
      '-e',
      'reschedule:on-node-failure',
    ];
    await lab.docker([...server, ...policy, '--restart', 'always', 'busybox', 'httpd', '-f', '-p', '80']);
    expect(await hostOf('server')).toBe('h2 true');
    before = await placeOf('server');
    expect(before).toMatch(new RegExp(`^${MOVED} 02:be:`));

    const ping = new Watch(await inContainer('h1', 'client', ['ping', '-n', '-D', '-i', '0.1', MOVED]));
    await until(async () => answersAt(ping.lines).length).toBeGreaterThan(5);
    await lab.kill('h2');
    const killedAt = Date.now() / 1000;
    await until(() => hostOf('server')).toBe('h3 true');
    await until(async () => answersAt(ping.lines).filter((at) => at > killedAt + 0.5).length).toBeGreaterThan(
      5,
    );
    const answers = answersAt(await ping.end());
    const gaps = answers.slice(1).map((at, i) => at - (answers[i] as number));
    process.stderr.write(`seconds without answer: ${Math.max(...gaps).toFixed(2)}\n`);
    expect(await placeOf('server')).toBe(before);
    const get = ['curl', '-s', '-m', '30', '-o', '/dev/null', '-w', '%{http_code}', `http://${MOVED}/`];
    // The server has no page: any answer of its own will do.
    const asked = await inContainer('h1', 'client', get);
    await until(async () => (await tryRun(asked)).stdout).toBe('404');
  });

  it('answers from there alone while the dead host comes back with its stale copy', async () => {
    const onWire = ['nsenter', `--net=/run/netns/${lab.plan.wire}`, '--'];
    const wire = await Capture.start(onWire, ['-i', 'any', 'udp port 4789']);
    const ping = new Watch(await inContainer('h1', 'client', ['ping', '-n', '-D', '-i', '0.1', MOVED]));
    await lab.start('h2');
    await until(async () => (await lab.docker(['ps', '-aq', '--filter', 'name=server'], 'h2')).trim()).toBe(
      '',
    );
    const answered = answersAt(ping.lines).length;
    await until(async () => answersAt(ping.lines).length).toBeGreaterThan(answered + 20);
    // Ten a second: a switch of the way and back would cost more.
    expect(unanswered(await ping.end())).toBeLessThan(20);
    expect(speakers(await wire.end(), MOVED)).toEqual([lab.host('h3').address]);
    expect(await hostOf('server')).toBe('h3 true');
    expect(await placeOf('server')).toBe(before);
  });

  it('keeps both through a restart, a removal behind its back, and a drain', async () => {
    await lab.docker(['restart', '-t', '0', 'server']);
    expect(await placeOf('server')).toBe(before);
    await lab.docker(['rm', '-f', 'server'], 'h3');
    await until(() => hostOf('server')).toBe('h3 true');
    await until(() => placeOf('server')).toBe(before);
    await lab.berth(['node', 'drain', '--yes', 'h3']);
    await until(() => hostOf('server')).toBe('h2 true');
    expect(await placeOf('server')).toBe(before);
    const argv = await inContainer('h1', 'client', ['ping', '-c', '3', '-W', '1', MOVED]);
    await until(async () => (await tryRun(argv)).stdout).toMatch(/ 0% packet loss/);
  });
});
