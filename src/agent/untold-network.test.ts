import { afterEach, expect, it } from 'vitest';
import type { Assignment } from '../contract/link.ts';
import { type Engine, newSimulatedEngine } from '../engine/index.ts';
import { SPAN } from '../network/libnetwork/host-book.fixture.ts';
import { assignmentRecord, cleanUp, FakeManager, openAgent, temporaryDir } from './agent.fixture.ts';

afterEach(cleanUp);

/** Bodies of networks that the engine was asked to make; `Driver` of containers' networks is not the simulator's affair. */
async function recorded() {
  const engine = newSimulatedEngine();
  const answered: Engine['json'] = engine.json.bind(engine);
  const made: unknown[] = [];
  const json: Engine['json'] = async <T>(method: string, path: string, ...rest: [unknown?, AbortSignal?]) => {
    if (path.endsWith('/networks/create')) made.push(rest[0]);
    return answered<T>(method, path, ...rest);
  };
  const agent = await openAgent(Object.assign(engine, { json }), await temporaryDir());
  const manager = new FakeManager();
  await manager.greet(agent);
  return { manager, made };
}

const on = (spec: Assignment['needs']['networks'][number]['spec'], generation = 1): Assignment => ({
  ...assignmentRecord('web', { generation }, { HostConfig: { NetworkMode: 'shop' } }),
  needs: { networks: [{ id: 'n1', spec }], volumes: [] },
});

it.each([
  { Name: 'shop', Driver: 'xoverlay' },
  { Name: 'shop', Driver: 'vlan', IPAM: { Driver: 'default' } },
  { Name: 'shop', Driver: 'bridge', IPAM: { Driver: 'xoverlay' } },
])('no network of a driver of the cluster is made from its spec alone: %j', async (spec) => {
  const { manager, made } = await recorded();
  const untold = on(spec);
  manager.put(untold);
  expect((await manager.result(untold)).error).toEqual({
    status: 503,
    message: expect.stringMatching(/network shop is of the cluster's driver (xoverlay|vlan), .*: not made/),
  });
  expect(made).toEqual([]);
  expect(manager.observed('web')).toBeUndefined();

  const [need] = untold.needs.networks;
  const told = { id: 'n1', spec, ...need, span: SPAN };
  manager.put({ ...untold, needs: { networks: [told], volumes: [] } });
  await manager.until(() => manager.observed('web') !== undefined);
  expect(made).toEqual([expect.objectContaining({ Driver: 'xoverlay', Options: { 'berth.network': 'n1' } })]);
});

it('any other network is made as its spec says', async () => {
  const { manager, made } = await recorded();
  manager.put(on({ Name: 'shop', Driver: 'macvlan' }));
  await manager.until(() => manager.observed('web') !== undefined);
  expect(made).toEqual([expect.objectContaining({ Name: 'shop', Driver: 'macvlan' })]);
});
