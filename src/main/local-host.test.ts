import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { BerthError } from '../kit/errors.ts';
import { createCa, openCa } from '../link/pki/ca.ts';
import { newMemoryStore, type Store } from '../store/index.ts';
import { dataDirAt } from './data-dir.ts';
import { ensureLocalHost, isHost } from './local-host.ts';
import type { ManagerConfig } from './manager-config.ts';

let folder = '';
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-local-'));
  store = newMemoryStore();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const listen = { host: '0.0.0.0', port: 8444 };
const config: ManagerConfig = {
  ...{ name: 'first', labels: {}, socket: '', dockerListen: listen, apiListen: listen, agentListen: listen },
  ...{ advertise: '10.0.0.1', engine: 'unix:///none', agent: true },
};
const noEngine = () => Promise.reject(new BerthError('host_down', 'the Docker Engine does not answer'));

async function ensure(change: Partial<ManagerConfig> = {}, machineId = () => Promise.resolve('m1')) {
  const ca = await openCa(await createCa('c1', Date.now()));
  const dir = dataDirAt(folder);
  const known = { store, ca, clusterId: 'c1', dir, machineId, clock: systemClock };
  return ensureLocalHost({ ...known, config: { ...config, ...change } });
}
const hosts = () => store.view((tx) => [...tx.all('hosts')]);

describe('the manager’s own machine', () => {
  it('becomes a host once, and follows its name and its engine', async () => {
    expect(isHost(dataDirAt(folder))).toBe(false);
    const { hostId } = await ensure();
    expect(isHost(dataDirAt(folder))).toBe(true);
    expect((await ensure({ name: 'renamed' }, async () => 'm2')).hostId).toBe(hostId);
    expect(hosts()).toMatchObject([{ id: hostId, name: 'renamed', machineId: 'm2' }]);
  });

  it('stays one while its engine does not answer; it cannot become one then', async () => {
    await expect(ensure({}, noEngine)).rejects.toThrow('does not answer');
    const { hostId } = await ensure();
    expect((await ensure({}, noEngine)).hostId).toBe(hostId);
    expect(hosts()).toMatchObject([{ machineId: 'm1' }]);
  });

  it('does not take another host’s name', async () => {
    await ensure();
    const [own] = hosts();
    if (own === undefined) throw new Error();
    await store.update((tx) => tx.put('hosts', { ...own, id: 'other', name: 'Second', joinTokenId: 't' }));
    await expect(ensure({ name: 'second' })).rejects.toThrow(/called Second already/);
    expect(
      hosts()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Second', 'first']);
  });
});
