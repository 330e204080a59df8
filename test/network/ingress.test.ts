import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Ingress } from '../../src/agent/routing/ingress.ts';
import { FOLDER_INSIDE } from '../../src/agent/routing/router-container.ts';
import type { AgentFrame, RouterChange } from '../../src/contract/link.ts';
import { newSimulatedEngine } from '../../src/engine/index.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLogger } from '../../src/kit/logger.ts';
import { LABEL_ROUTER } from '../../src/model/labels.ts';
import type { HttpRoute } from '../../src/model/router.ts';
import { haproxyArgv } from '../../src/router/index.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { ADDRESS, ask, PORT, pool, route, startContainer } from './haproxy.ts';

/** An agent's router with a real HAProxy: the engine is a simulated one, whose container is that process. */
const dir = mkdtempSync(join(tmpdir(), 'berth-ingress-'));
const engine = newSimulatedEngine();
const CONTAINER = '/containers/berth-router';
let haproxy: ChildProcess | undefined;
/** How often the engine was asked for the container. */
let looks = 0;

/** At its folder as in its container, which no other process sees. */
const INSIDE = 'mount -t tmpfs tmpfs /run && mkdir "$1" && mount --bind "$0" "$1" && shift && exec "$@"';

function startHaproxy(): void {
  const argv = [join(dir, 'haproxy'), FOLDER_INSIDE, ...haproxyArgv(FOLDER_INSIDE)];
  haproxy = spawn('unshare', ['--mount', '--kill-child', '--fork', '--pid', 'sh', '-c', INSIDE, ...argv], {
    stdio: 'ignore',
  });
}

async function killHaproxy(): Promise<void> {
  const ending = haproxy;
  if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
  const ended = new Promise((resolve) => ending.once('exit', resolve));
  ending.kill('SIGKILL');
  await ended;
}

const { json } = engine;
engine.json = async (method, path, ...more) => {
  const what = `${method} ${path.split('?')[0]}`;
  if (what === `GET ${CONTAINER}/json`) looks++;
  if (what === `POST ${CONTAINER}/kill` || what === `DELETE ${CONTAINER}`) await killHaproxy();
  const answer = await json.call(engine, method, path, ...more);
  if (what === `POST ${CONTAINER}/start`) startHaproxy();
  return answer as never;
};

let ingress: Ingress;
let container: Awaited<ReturnType<typeof startContainer>>;
const told: (AgentFrame & { t: 'routed' })[] = [];
let seq = 0;

/** Tells of a change, and waits until it has been carried out. */
async function tell(http: readonly HttpRoute[], more: Partial<RouterChange> = {}): Promise<void> {
  const base = {
    image: 'haproxy:1',
    entries: [{ address: ADDRESS, port: PORT, tls: false, proxyFrom: [], trust: [] }],
    ...{ cookieKey: '0123456789abcdef', drainSeconds: 5 },
  };
  const change = { seq: ++seq, whole: false, base, http: [...http], tcp: [], drop: [], keep: [], ...more };
  ingress.onFrame({ t: 'router', change });
  const said = () => told.findLast((frame) => frame.seq === seq);
  await expect.poll(said, { timeout: 30_000 }).toMatchObject({ serving: true, error: '' });
}
const shop = (domain: string) => route('shop', domain, [pool('v1', [container.port])]);
const served = async (domain: string) => (await ask(domain).catch(() => undefined))?.seen?.by ?? 'nobody';

beforeAll(async () => {
  await ensureRequirements([['haproxy', 'haproxy']]);
  container = await startContainer('web');
  const identity = { clusterId: 'c1', hostId: 'h1' };
  ingress = await Ingress.open({ dir, engine, identity, clock: systemClock, logger: silentLogger });
  ingress.attach((frame) => {
    if (frame.t === 'routed') told.push(frame);
  }, 6);
});
afterAll(async () => {
  await ingress.close();
  await killHaproxy();
  container.server.close();
  engine.close();
  rmSync(dir, { recursive: true, force: true });
});

it('carries out changes without asking the engine for its container, which may take its time', async () => {
  await tell([shop('a.com')], { whole: true });
  expect(await served('a.com')).toBe('web');
  const before = looks;
  expect(before).toBeGreaterThan(0);
  for (const domain of ['b.com', 'c.com', 'd.com']) {
    await tell([shop(domain)]);
    expect(await served(domain)).toBe('web');
  }
  expect(looks).toBe(before);
});

it('asks for it where HAProxy does not answer, though the engine has told of nothing', async () => {
  await engine.json('POST', `${CONTAINER}/kill`);
  // Its processes end a moment after the one that they were started by.
  await expect.poll(() => served('d.com'), { timeout: 30_000 }).toBe('nobody');
  await tell([shop('e.com')]);
  expect(await served('e.com')).toBe('web');
  await engine.json('DELETE', `${CONTAINER}?force=1`);
  await tell([shop('f.com')]);
  expect(await served('f.com')).toBe('web');
  // It was never given up, to be tried again later.
  expect(told.map(({ error }) => error).filter(Boolean)).toEqual([]);
});

it('has it again after it was removed, without a change of its routes', async () => {
  await engine.json('DELETE', `${CONTAINER}?force=1`);
  const Actor = { ID: 'any', Attributes: { [LABEL_ROUTER]: 'any' } };
  ingress.onEvents([{ Type: 'container', Action: 'destroy', Actor, time: 1, timeNano: 1e9 }]);
  await expect.poll(() => served('f.com'), { timeout: 30_000 }).toBe('web');
});
