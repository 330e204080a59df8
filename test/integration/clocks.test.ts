import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { agentLog } from '../lab/cluster.ts';
import { FakeClock } from '../lab/fake-clock.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { ensureRequirements } from '../lab/requirements.ts';

const HOUR = 3_600;
/** A lab of its own: the clocks of its manager and of h2's agent are set while they run. */
let lab: Lab;
let manager: FakeClock;
let h2: FakeClock;

beforeAll(async () => {
  await ensureRequirements([['faketime', 'faketime']]);
  lab = await startLab({ hosts: 3 });
  await ensureImage('busybox', lab.endpoint);
  manager = new FakeClock(`${lab.plan.folder}/clocks/manager`);
  h2 = new FakeClock(`${lab.plan.folder}/clocks/h2`);
  await lab.restartManager({ env: manager.env });
  await lab.killAgent('h2');
  await lab.join('h2', { env: h2.env });
  await lab.waitReady();
  // Hosts that are all taken for gone at once are not believed to be: here they would be.
  await lab.berth(['settings', 'set', 'failoverMaxShare=1']);
  const away = ['-l', 'berth.failover=true', '-e', 'constraint:node==~h1'];
  await start('moves', ...away);
  await start('fenced', ...away, '-l', 'berth.partition=fence');
  for (const host of ['h2', 'h3'])
    await start(`fenced-${host}`, '-l', 'berth.partition=fence', '-e', `constraint:node==${host}`);
});
afterAll(() => lab?.down());

const start = (name: string, ...flags: string[]) =>
  lab.docker(['run', '-d', '--name', name, '--stop-timeout', '1', ...flags, 'busybox', 'sleep', '9000']);
const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 200 });
const lines = (text: string) => text.split('\n').filter(Boolean).sort();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Node = { name: string; state: string; reason: string };
const node = async (name: string) =>
  (JSON.parse(await lab.berth(['node', 'ls', '--json'])) as Node[]).find((one) => one.name === name);
const states = async () =>
  (JSON.parse(await lab.berth(['node', 'ls', '--json'])) as Node[]).map(({ state }) => state);

/** What runs on each engine and since when; nothing of it may change when only a clock does. */
async function onEngines(): Promise<string[]> {
  const each = lab.hosts.map(async ({ name: host }) => {
    const ids = lines(await lab.docker(['ps', '-aq', '--filter', 'label=berth.cluster'], host));
    if (ids.length === 0) return [];
    const format = `${host} {{.Name}} {{.State.Running}} {{.State.StartedAt}}`;
    return lines(await lab.docker(['inspect', '-f', format, ...ids], host));
  });
  return (await Promise.all(each)).flat().sort();
}

/** `GET /v1/whoami` with a token, or `POST /v1/login` with a body; the status of the answer and its text. */
function api(path: string, options: { token?: string; body?: unknown } = {}): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${lab.addresses.api}${path}`,
      {
        method: options.body === undefined ? 'GET' : 'POST',
        rejectUnauthorized: false,
        headers: {
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
      },
      (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
        });
        answer.on('end', () => resolve([answer.statusCode ?? 0, text]));
      },
    );
    sent.on('error', reject);
    sent.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

it("a manager's clock that is set by hours moves and stops nothing, and holds no event back", async () => {
  const before = await onEngines();
  const watching = spawn('docker', ['-H', lab.endpoint, 'events', '--filter', 'event=create']);
  let told = '';
  watching.stdout.on('data', (part) => {
    told += part;
  });
  try {
    let n = 0;
    for (const jump of [3 * HOUR, -3 * HOUR, 0]) {
      n++;
      const made = ['a', 'b', 'c'].map((letter) =>
        lab.docker(['create', '--name', `e${n}${letter}`, 'busybox', 'true']),
      );
      // Its event is held for its order when the clock is set.
      await Promise.race(made);
      manager.jumpTo(jump);
      await Promise.all(made);
      await lab.docker(['create', '--name', `after${n}`, 'busybox', 'true']);
      for (const name of [`e${n}a`, `e${n}b`, `e${n}c`, `after${n}`])
        await until(async () => told).toContain(`name=${name}`);
      // Longer than a lease, and than what it takes for a host to be down.
      for (const end = performance.now() + 7_000; performance.now() < end; await pause(300)) {
        const now = (await onEngines()).filter((line) => !/\/(e|after)\d\w? /.test(line));
        expect(now).toEqual(before);
      }
      await until(states).toEqual(['ready', 'ready', 'ready']);
      // As a client asks whose clock is the manager's; times of events are their hosts'.
      const now = Math.floor(Date.now() / 1000) + jump;
      const past = await lab.docker(['events', '--since', `${now - 5 * HOUR}`, '--until', `${now}`]);
      if (jump >= 0) expect(past).toContain(`name=after${n}`);
    }
  } finally {
    watching.kill();
  }
});

it('tokens end and log-ins are locked by the clock, and by no more than that after it was set back', async () => {
  const token = (await lab.berth(['api-token', 'create', 'ci', '--ttl', '1h'])).split('\n')[0] ?? '';
  const status = async () => (await api('/v1/whoami', { token }))[0];
  expect(await status()).toBe(200);
  manager.jumpTo(3 * HOUR);
  await until(status).toBe(401);
  const login = async (password: string) =>
    (await api('/v1/login', { body: { user: 'admin', password } }))[0];
  await until(() => login('wrong')).toBe(429);
  const session = async () => JSON.parse((await api('/v1/login', { body: await right() }))[1]).token;
  const right = async () => ({ user: 'admin', password: lab.adminPassword });
  manager.jumpTo(-3 * HOUR);
  await until(status).toBe(200);
  await until(() => login(lab.adminPassword ?? ''), 30_000).toBe(200);
  // Given by a clock that is behind: still good when it is right again.
  const given = await session();
  manager.jumpTo(0);
  await until(async () => (await api('/v1/whoami', { token: given }))[0]).toBe(200);
});

it('what waits to come back does so in its own time, whatever the clock says', async () => {
  const count = async () =>
    Number(await lab.docker(['inspect', '-f', '{{.RestartCount}}', 'crash']).catch(() => '-1'));
  await lab.docker([
    ...['run', '-d', '--name', 'crash', '-l', 'berth.restart=always'],
    ...['-e', 'constraint:node==h2', 'busybox', 'false'],
  ]);
  await until(count).toBeGreaterThanOrEqual(4);
  h2.jumpTo(-3 * HOUR);
  const then = await count();
  await until(count, 90_000).toBeGreaterThan(then + 1);
  h2.jumpTo(0);
  await lab.docker(['rm', '-f', 'crash']);
});

it('a host whose clock is hours off stays while it is connected, is refused when it comes anew, and let in once it is right', async () => {
  const mine = async () => (await onEngines()).filter((line) => line.startsWith('h2 '));
  const before = await mine();
  h2.jumpTo(3 * HOUR);
  for (const end = performance.now() + 7_000; performance.now() < end; await pause(300))
    expect(await mine()).toEqual(before);
  await until(async () => (await node('h2'))?.state).toBe('ready');
  // Set back while it is connected: a lease lasts no longer for that.
  h2.jumpTo(0);
  await pause(2_000);
  await lab.cut('h2');
  await until(() => onEnginesOf(['h2'])).not.toContain('fenced-h2');
  await lab.heal('h2');
  await lab.waitReady(['h2']);
  await until(() => onEnginesOf(['h2'])).toContain('fenced-h2');

  h2.jumpTo(3 * HOUR);
  await lab.killAgent('h2');
  await lab.join('h2', { env: h2.env });
  await until(async () => (await node('h2'))?.reason).toMatch(
    /the host's clock is 180 min ahead of the manager's: set it/,
  );
  h2.jumpTo(0);
  await lab.waitReady(['h2']);

  // Behind: its manager's certificate is not good yet, so it is the host that says so.
  h2.jumpTo(-3 * HOUR);
  await lab.killAgent('h2');
  await lab.join('h2', { env: h2.env });
  await until(async () => readFileSync(agentLog(lab.host('h2')), 'utf8')).toMatch(
    /is not good at this host's time \(CERT_NOT_YET_VALID\): set this host's clock/,
  );
  h2.jumpTo(0);
  await lab.waitReady(['h2']);
});

it('hosts fail over after a jump as before it; a manager whose clock is off refuses who comes anew, and says so', async () => {
  manager.jumpTo(3 * HOUR);
  await lab.kill('h1');
  const running = async () =>
    (await onEnginesOf(['h2', 'h3'])).filter((name) => name === 'moves' || name === 'fenced');
  await until(running).toEqual(['fenced', 'moves']);
  await lab.startMachine('h1');
  await lab.join('h1');
  await until(async () => (await node('h1'))?.reason).toMatch(/the host's clock is 180 min behind/);
  manager.jumpTo(0);
  await lab.waitReady();
  await until(async () => (await onEnginesOf(['h1'])).filter((name) => /moves|^fenced$/.test(name))).toEqual(
    [],
  );
  expect(await running()).toEqual(['fenced', 'moves']);
});

/** Names of what runs there. */
async function onEnginesOf(hosts: readonly string[]): Promise<string[]> {
  const each = hosts.map(async (host) => lines(await lab.docker(['ps', '--format', '{{.Names}}'], host)));
  return (await Promise.all(each)).flat().sort();
}
