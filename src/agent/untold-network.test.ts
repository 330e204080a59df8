import { afterEach, expect, it } from 'vitest';
import type { Assignment } from '../contract/link.ts';
import { type Engine, newSimulatedEngine } from '../engine/index.ts';
import { BerthError } from '../kit/errors.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../model/labels.ts';
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

it('a network of a name that the host has not let go of yet is waited for, and then made', async () => {
  const engine = newSimulatedEngine();
  const answered: Engine['json'] = engine.json.bind(engine);
  const former = {
    ...{ Id: 'old', Name: 'shop' },
    Labels: { [LABEL_CLUSTER]: 'c1', [LABEL_ID]: 'n0' } as Record<string, string>,
  };
  let [isThere, isUsed] = [true, true];
  const json: Engine['json'] = async <T>(method: string, path: string, ...rest: [unknown?, AbortSignal?]) => {
    if (path.startsWith('/networks?')) return (isThere ? [former] : []) as T;
    if (method === 'DELETE' && path === '/networks/old') {
      if (isUsed) throw new BerthError('engine', 'network shop has active endpoints', { status: 403 });
      isThere = false;
      return {} as T;
    }
    if (path.endsWith('/networks/create') && isThere)
      throw new BerthError('engine', 'network with name shop already exists', { status: 409 });
    return answered<T>(method, path, ...rest);
  };
  const agent = await openAgent(Object.assign(engine, { json }), await temporaryDir());
  const manager = new FakeManager();
  await manager.greet(agent);
  const anew = on({ Name: 'shop', Driver: 'xoverlay' });
  const [need] = anew.needs.networks;
  const told: Assignment = {
    ...anew,
    needs: { networks: [{ id: 'n1', spec: { Name: 'shop' }, ...need, span: SPAN }], volumes: [] },
  };
  manager.put(told);
  // The agent goes on trying by itself.
  expect((await manager.result(told)).error).toEqual({
    status: 503,
    message: expect.stringContaining('the network shop of before is still on this host'),
  });
  // It is not left for its time, either, once nobody is on it.
  isUsed = false;
  await manager.until(() => manager.observed('web') !== undefined);
  expect(isThere).toBe(false);

  // Of another's network it is told as it is.
  isThere = true;
  former.Labels = {};
  const other = { ...told, desired: { ...told.desired, generation: 2 } };
  const late = { ...assignmentRecord('late', { generation: 1 }, other.desired.spec), needs: told.needs };
  manager.put(late);
  expect((await manager.result(late)).error).toEqual({
    status: 409,
    message: expect.stringContaining('network with name shop already exists'),
  });
});
