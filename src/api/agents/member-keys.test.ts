import { afterEach, expect, it } from 'vitest';
import type { ManagerFrame } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import type { Store } from '../../store/index.ts';
import { networkStore, putContainer, putNetwork } from '../networks/networks.fixture.ts';
import { testKeys } from './data-keys.fixture.ts';
import { NetworkMembers } from './members.ts';

type MembersFrame = ManagerFrame & { t: 'members' };

let store: Store;
let members: NetworkMembers;
afterEach(async () => {
  members.close();
  await store.close();
});

/** The keys that a host was told of, in order. */
function told(hostId: string): () => NonNullable<MembersFrame['keys']>[] {
  const frames: MembersFrame[] = [];
  members.attach(hostId, (frame) => frames.push(frame));
  return () => frames.splice(0).flatMap(({ keys }) => keys ?? []);
}

it('hosts on an encrypted network get the keys of their pairs, others none', async () => {
  store = await networkStore(3);
  members = new NetworkMembers({ store, logger: silentLogger, keys: testKeys() });
  const [h1, h2, h3] = [told('h1'), told('h2'), told('h3')] as const;
  await store.update((tx) => {
    putNetwork(tx, 'secret', ['10.1.0.0/24'], { options: { encrypted: '' } });
    putNetwork(tx, 'plain', ['10.2.0.0/24']);
    putContainer(tx, 'a', 'h1', ['secret']);
    putContainer(tx, 'b', 'h2', ['secret', 'plain']);
    putContainer(tx, 'c', 'h3', ['plain']);
  });
  const [first] = h1();
  const [second] = h2();
  expect(first?.put).toMatchObject([{ hostId: 'h2', own: '192.0.2.1', address: '192.0.2.2' }]);
  expect(second?.put[0]?.in).toContainEqual(first?.put[0]?.out);
  expect(first?.put[0]?.in).toContainEqual(second?.put[0]?.out);
  expect(h3()).toEqual([]);

  await store.update((tx) => putContainer(tx, 'd', 'h2', ['secret']));
  expect([h1(), h2()]).toEqual([[], []]);

  const { id } = await store.update((tx) => putContainer(tx, 'e', 'h3', ['secret']));
  expect(h1()).toMatchObject([{ whole: false, put: [{ hostId: 'h3' }], drop: [] }]);
  expect(h3()).toMatchObject([{ whole: true, put: [{ hostId: 'h1' }, { hostId: 'h2' }] }]);

  await store.update((tx) => {
    for (const { networkId, ip } of [...tx.by('addresses', 'container', id)])
      tx.delete('addresses', `${networkId}/${ip}`);
  });
  expect(h1()).toEqual([{ whole: false, put: [], drop: ['h3'] }]);
  expect(h3()).toMatchObject([{ put: [], drop: ['h1', 'h2'] }]);
  expect(told('h2')()).toMatchObject([{ whole: true, put: [{ hostId: 'h1' }] }]);
});
