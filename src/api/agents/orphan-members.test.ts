import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ManagerFrame } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Orphan } from '../../model/life.ts';
import type { Store } from '../../store/index.ts';
import { adoptNetworks } from '../networks/adopt.ts';
import { networkId, networkStore, putContainer, putNetwork } from '../networks/networks.fixture.ts';
import { assignmentOf } from './assignment-of.ts';
import { testKeys } from './data-keys.fixture.ts';
import { NetworkMembers } from './members.ts';
import { TELL_MS } from './orphan-members.ts';

type Frame = ManagerFrame & { t: 'members' };

let store: Store;
let members: NetworkMembers;
/** `a` on h1 and `b` on h2, made after the backup on a network that was made after it as well. */
let orphans: Orphan[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const later = await networkStore(2);
  orphans = await later.update((tx) => {
    putNetwork(tx, 'x1', ['10.1.0.0/24']);
    return ['a', 'b'].map((name, i): Orphan => {
      const container = putContainer(tx, name, `h${i + 1}`, ['x1']);
      const { id, name: _, ...held } = assignmentOf(tx, container);
      return { kind: 'orphan', id, name, hostId: `h${i + 1}`, held };
    });
  });
  await later.close();
  store = await networkStore(2);
  members = new NetworkMembers({ store, logger: silentLogger, keys: testKeys(), pause: () => 0 });
});
afterEach(async () => {
  members.close();
  await store.close();
  vi.useRealTimers();
});

/** What is said to a host, in short. */
function connect(hostId: string, how = {}): () => string[] {
  const frames: Frame[] = [];
  members.attach(hostId, (frame) => frames.push(frame), how);
  return () =>
    frames
      .splice(0)
      .map(({ all, networks, gone }) =>
        [
          ...(all ? ['all'] : []),
          ...networks.map(
            ({ name, whole, put, drop }) =>
              `${name}${whole ? ' whole' : ''} ${put.map((one) => `${one.names[0]}@${one.via}`)}${drop.map(() => ' -')}`,
          ),
          ...gone.map(() => 'gone'),
        ].join('; '),
      );
}
const tell = (...told: Orphan[]) =>
  store.update((tx) => {
    for (const orphan of told) tx.put('orphans', orphan);
  });
const forget = (...told: Orphan[]) =>
  store.update((tx) => {
    for (const { hostId, id } of told) tx.delete('orphans', `${hostId}/${id}`);
  });

describe('an orphan', () => {
  it('is a member, of a network that the state does not know as well', async () => {
    const h1 = connect('h1');
    expect(h1()).toEqual(['all']);
    await tell(...orphans);
    expect(h1()).toEqual(['x1 whole a@192.0.2.1,b@192.0.2.2']);
    expect(connect('h2')()).toEqual(['all; x1 whole a@192.0.2.1,b@192.0.2.2']);
  });

  it('is none any more once its host does not tell it again', async () => {
    await tell(...orphans);
    const h1 = connect('h1');
    h1();
    await forget(...orphans.slice(1));
    expect(h1()).toEqual(['x1  -']);
    await forget(...orphans);
    expect(h1()).toEqual(['gone']);
  });

  it('stays one as it is when it is taken in', async () => {
    await tell(...orphans);
    const h1 = connect('h1');
    h1();
    const [orphan] = orphans;
    if (orphan?.held === undefined) expect.fail();
    const { id, name, hostId, held } = orphan;
    await store.update((tx) => {
      const made = { createdAt: 0, createdBy: 'root' };
      adoptNetworks(tx, orphan, held, made);
      const { apiVersion, desired } = held;
      tx.put('containers', {
        ...{ kind: 'container', id, name, ...made, apiVersion, desired, assigned: { hostId, at: 0 } },
      });
    });
    expect(h1()).toEqual([]);
  });

  it('is none where its address is another’s by now', async () => {
    await store.update((tx) => {
      putNetwork(tx, 'x1', ['10.1.0.0/24']);
      putContainer(tx, 'other', 'h2', ['x1']);
    });
    expect(store.view((tx) => tx.get('addresses', `${networkId('x1')}/10.1.0.2`))).toBeDefined();
    const h2 = connect('h2');
    h2();
    await tell(...orphans.slice(0, 1));
    expect(h2()).toEqual([]);
  });
});

it('after a backup was put back hosts forget nobody until all have told what they have', async () => {
  await store.update((tx) => putNetwork(tx, 'x2', ['10.2.0.0/24']));
  await store.update((tx) => putContainer(tx, 'c', 'h1', ['x2']));
  const h1 = connect('h1', { restored: true });
  expect(h1()).toEqual(['x2 c@192.0.2.1']);
  await tell(...orphans.slice(0, 1));
  expect(h1()).toEqual(['x1 a@192.0.2.1']);
  await tell(...orphans);
  expect(h1()).toEqual(['x1 b@192.0.2.2']);
  vi.advanceTimersByTime(TELL_MS);
  expect(h1()).toEqual(['all; x2 whole c@192.0.2.1; x1 whole a@192.0.2.1,b@192.0.2.2']);
  await store.update((tx) => putContainer(tx, 'd', 'h2', ['x2']));
  expect(h1()).toEqual(['x2 d@192.0.2.2']);
});
