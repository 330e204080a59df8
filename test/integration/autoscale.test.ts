import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScaledView } from '../../src/contract/v1/autoscale.ts';
import type { ServiceMember, ServiceView } from '../../src/contract/v1/services.ts';
import type { TriggerView } from '../../src/contract/v1/triggers.ts';
import type { AuditEntry } from '../../src/model/access.ts';
import { managerLog } from '../lab/cluster.ts';
import type { Lab } from '../lab/lab.ts';
import { run } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';

const STACK = 'scaled';
const MOST = 3;
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-scaled-'));
/**
 * A folder that all containers see; while `burn` is in it they use all the CPU that they may: a tenth of a core, of which a
 * busy machine gives them a part.
 */
const told = join(folder, 'told');
const burn = join(told, 'burn');

const PROGRAM = `while :; do
  if [ -e /told/burn ]; then i=0; while [ "$i" -lt 2000 ]; do i=$((i+1)); done
  else sleep 5
  fi
done`;
const COMPOSE = `
services:
  burner:
    image: busybox
    pull_policy: never
    command: ${JSON.stringify(['sh', '-c', PROGRAM.replaceAll('$', '$$$$')])}
    stop_grace_period: 300ms
    volumes: ['${told}:/told:ro']
    labels:
      berth.auto_scaling.min_instances: '1'
      berth.auto_scaling.max_instances: '${MOST}'
      berth.auto_scaling.max_cpu: '10'
      berth.auto_scaling.min_cpu: '4'
      berth.auto_scaling.period: 4s
      berth.auto_scaling.up_after: 2s
      berth.auto_scaling.down_after: 3s
    deploy:
      replicas: 1
      resources: { limits: { cpus: '0.1' } }
      update_config: { monitor: 300ms }
`;

beforeAll(async () => {
  lab = await sharedLab();
  mkdirSync(told);
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, COMPOSE);
  await lab.berth(['deploy', '-f', file, '--name', STACK, '--timeout', '110']);
});
afterAll(async () => {
  await lab.berth(['stack', 'rm', STACK, '--yes']);
  rmSync(folder, { recursive: true, force: true });
});

const until = (what: () => Promise<unknown>, timeout = 200_000) =>
  expect.poll(what, { timeout, interval: 300 });
const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await lab.berth([...args, '--json'])) as T;
const service = async () => (await json<ServiceView[]>('service', 'ls', STACK))[0];
const members = async () =>
  (await json<ServiceMember[]>('service', 'ps', `${STACK}/burner`)).filter(
    ({ state }) => state === 'running',
  );
type Change = Readonly<{ from: number; to: number; by: string; why: string }>;
/** The oldest first. */
const changes = async () => (await json<Change[]>('autoscale', 'history', `${STACK}/burner`)).reverse();
const explained = async () =>
  (await json<ScaledView & { sentences: string[] }>('autoscale', 'explain', `${STACK}/burner`)).sentences;

describe('a service that scales by itself', () => {
  it('follows the CPU that its containers burn up to its most, and back to its least', async () => {
    writeFileSync(burn, '');
    await until(async () => (await service())?.ready).toBe(MOST);
    // It would like more, and says why it does not get them.
    await until(explained).toContain(`More than ${MOST} it may not have.`);
    expect((await members()).length).toBe(MOST);
    rmSync(burn);
    await until(async () => (await members()).length).toBe(1);
    expect((await changes()).map(({ from, to, by }) => [from, to, by])).toEqual(
      [
        [1, 2],
        [2, 3],
        [3, 2],
        [2, 1],
      ].map(([from, to]) => [from, to, 'autoscaler']),
    );
    expect((await changes())[0]?.why).toMatch(/^CPU: \d+ % on average, over 10 %$/);
    await until(async () => (await explained()).join(' ')).toMatch(
      /^1 container, from 1 to 3\. CPU: \d+ % on average, under 4 %, and there is but one\. .*It stays so\.$/,
    );
  });
});

describe('a trigger', () => {
  const ca = join(folder, 'ca.pem');
  const curl = async (url: string, ...more: string[]) => {
    const answer = await run([
      'curl',
      '-s',
      '-X',
      'POST',
      '--cacert',
      ca,
      '-w',
      '\n%{http_code}',
      ...more,
      url,
    ]);
    const [text = '', status] = answer.split('\n');
    return { status: Number(status), body: JSON.parse(text) as Record<string, unknown> };
  };
  const make = async (...flags: string[]) =>
    (await lab.berth(['trigger', 'create', `${STACK}/burner`, ...flags])).trim();

  it('redeploys and scales for whoever has its URL, and for nobody else', async () => {
    await run(['curl', '-sk', '-o', ca, `${lab.addresses.api}/v1/ca.pem`]);
    const before = (await members()).map(({ id }) => id);
    const url = await make('--name', 'ci');
    const wrong = url.replace(/token=.*/, 'token=berth_trg_wrong');
    expect(await curl(wrong)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await curl(url)).toMatchObject({
      status: 200,
      body: { service: `${STACK}/burner`, trigger: 'ci', did: { kind: 'redeploy', release: 2 } },
    });
    await until(async () => (await service())?.release).toMatchObject({ number: 2, state: 'done' });
    await until(async () => (await members()).filter(({ id }) => before.includes(id))).toEqual([]);

    const token = new URL(url).searchParams.get('token') ?? '';
    const authorization = ['-H', `Authorization: Bearer ${token}`, '-H', 'Idempotency-Key: build-1'];
    const bare = url.replace(/&token=.*/, '');
    const first = await curl(bare, ...authorization);
    expect(first.body).toMatchObject({ repeated: false });
    expect((await curl(bare, ...authorization)).body).toEqual({ ...first.body, repeated: true });

    const scale = await make('--scale', '--max', '2');
    expect((await curl(scale)).body).toMatchObject({ did: { kind: 'scale', from: 1, to: 2 } });
    expect((await changes()).find(({ by }) => by === 'trigger:scale')).toMatchObject({ from: 1, to: 2 });

    const fired = await json<AuditEntry[]>('audit', '--action', 'trigger.fire');
    expect(fired.map(({ user, outcome }) => `${user} ${outcome}`).sort()).toEqual([
      ' no trigger has this ID and this token',
      ...['trigger:ci ok', 'trigger:ci ok', 'trigger:ci ok', 'trigger:scale ok'],
    ]);
    const triggers = await json<TriggerView[]>('trigger', 'ls');
    await lab.berth(['trigger', 'rm', '--yes', ...triggers.map(({ id }) => id)]);
    expect((await curl(url)).status).toBe(401);
    expect(readFileSync(managerLog(lab.plan), 'utf8')).not.toContain(token);
  });
});
