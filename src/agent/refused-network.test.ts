import { afterEach, expect, it } from 'vitest';
import type { Assignment } from '../contract/link.ts';
import { type Engine, newSimulatedEngine } from '../engine/index.ts';
import { BerthError } from '../kit/errors.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../model/labels.ts';
import { SPAN } from '../network/libnetwork/host-book.fixture.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

/** A running container that an engine has off its network, and refuses to connect as long as `refuses`. */
async function offItsNetwork() {
  const simulated = newSimulatedEngine();
  const answered: Engine['json'] = simulated.json.bind(simulated);
  const state = { refuses: true, attempts: [] as number[] };
  const json: Engine['json'] = async <T>(method: string, path: string, ...rest: [unknown?, AbortSignal?]) => {
    if (path.includes('/networks?'))
      return [{ Id: 'e1', Labels: { [LABEL_ID]: 'n1', [LABEL_CLUSTER]: 'c1' } }] as T;
    if (path.endsWith('/connect')) {
      state.attempts.push(performance.now());
      if (state.refuses) throw new BerthError('engine', 'address is in use', { status: 500 });
      return {} as T;
    }
    // What is undone shows as an event of the container's, as in Docker.
    if (path.endsWith('/disconnect')) {
      await answered('POST', '/containers/web/pause');
      return answered<T>('POST', '/containers/web/unpause');
    }
    return answered<T>(method, path, ...rest);
  };
  const agent = await openAgent(Object.assign(simulated, { json }), await temporaryDir());
  const manager = new FakeManager();
  await manager.greet(agent);
  const web = assignmentRecord(
    'web',
    { state: 'running', starts: 1 },
    { Labels: { 'berth.restart': 'always' } },
  );
  manager.put(web);
  await manager.result(web);
  const needs = { networks: [{ id: 'n1', spec: { Name: 'shop' }, span: SPAN }], volumes: [] };
  manager.put({ ...web, needs } satisfies Assignment);
  await expect.poll(() => state.attempts.length, { timeout: 5_000, interval: 5 }).toBeGreaterThan(0);
  return { containers: simulated.world.containers, state };
}

it('a connect that the engine refuses is tried again and again, further and further apart', async () => {
  const { state } = await offItsNetwork();
  await expect.poll(() => state.attempts.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(2);
  const [first = 0, second = 0, third = 0] = state.attempts;
  // Half of 0.5 and 1 s at least.
  expect([second - first > 240, third - second > 490]).toEqual([true, true]);
  state.refuses = false;
  const before = state.attempts.length;
  await expect.poll(() => state.attempts.length, { timeout: 20_000 }).toBeGreaterThan(before);
});

it('a container that ends meanwhile is started at its own time', async () => {
  const { containers, state } = await offItsNetwork();
  await expect.poll(() => state.attempts.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(3);
  state.refuses = false;
  containers.exit(containers.get('web'), 1);
  // The next attempt for one that lives is in 2 to 4 s.
  await expect.poll(() => containers.get('web').status, { timeout: 1_500, interval: 5 }).toBe('running');
});
