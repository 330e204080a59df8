import { beforeEach, describe, expect, it } from 'vitest';
import type { Orphan } from '../../model/life.ts';
import type { Store } from '../../store/index.ts';
import { assignmentOf } from '../agents/assignment-of.ts';
import { adoptNetworks, holdAddresses, networkProblem } from './adopt.ts';
import { networkId, networkStore, putContainer, putNetwork } from './networks.fixture.ts';
import { endpointIn } from './spanning.ts';

const made = { createdAt: 7, createdBy: 'root' };
let orphan: Orphan;
let held: NonNullable<Orphan['held']>;
let store: Store;

/** A container that a later state than this one has made, on a network that it has made as well. */
beforeEach(async () => {
  const later = await networkStore();
  await later.update((tx) => {
    putNetwork(tx, 'x1', ['10.1.0.0/24']);
    putContainer(tx, 'other', 'h1', ['x1']);
    const container = putContainer(tx, 'web', 'h1', ['x1']);
    const { id: _, name: __, ...rest } = assignmentOf(tx, container);
    held = rest;
    orphan = { kind: 'orphan', id: container.id, name: 'web', hostId: 'h1', held };
  });
  store = await networkStore();
  await store.update((tx) => tx.put('orphans', orphan));
});

describe('the networks of an orphan', () => {
  it('are taken in with it, as they are', async () => {
    await store.update((tx) => {
      expect(networkProblem(tx, held, 'web')).toBeUndefined();
      adoptNetworks(tx, orphan, held, made);
      expect(tx.get('networks', networkId('x1'))).toMatchObject({
        name: 'x1',
        span: { vni: 8_388_608 },
        createdAt: 7,
      });
      expect(tx.get('addresses', `${networkId('x1')}/10.1.0.1`)?.holder.kind).toBe('gateway');
      expect(endpointIn(tx, orphan.id, networkId('x1'))).toEqual({
        ipv4: '10.1.0.3',
        mac: '02:be:0a:01:00:03',
      });
    });
  });

  it('do not bring a text as a MAC address that is none', async () => {
    const [network] = held.needs.networks;
    const endpoint = { ipv4: '10.1.0.3', mac: '02:be:0a:01:00:03\nlink del eth0' };
    const needs = { ...held.needs, networks: network === undefined ? [] : [{ ...network, endpoint }] };
    await store.update((tx) => {
      adoptNetworks(tx, orphan, { ...held, needs }, made);
      expect(endpointIn(tx, orphan.id, networkId('x1'))?.mac).toBe('02:be:0a:01:00:03');
    });
  });

  it('keep their VXLAN identifier and their subnet from new networks until then', async () => {
    await store.update((tx) => {
      expect(putNetwork(tx, 'x2', []).span.vni).toBe(8_388_609);
    });
  });

  it('stay where they are if something of them is another’s by now', async () => {
    const problem = (change: (tx: Parameters<Parameters<Store['update']>[0]>[0]) => void) => {
      let found: string | undefined;
      return store
        .update((tx) => {
          change(tx);
          found = networkProblem(tx, held, 'web');
          throw new Error('taken back');
        })
        .catch(() => found);
    };
    const named = await problem((tx) => {
      const { id: _, ...record } = putNetwork(tx, 'x9', []);
      tx.put('networks', { ...record, id: 'e'.repeat(64), name: 'x1' });
    });
    expect(named).toBe('another network is called x1, as one of its own is');
    const numbered = await problem((tx) => {
      const record = putNetwork(tx, 'x9', []);
      tx.put('networks', { ...record, span: { ...record.span, vni: 8_388_608 } });
    });
    expect(numbered).toBe('network x9 has the VXLAN identifier 8388608 of its network x1');
    const taken = await problem((tx) => {
      tx.delete('orphans', `h1/${orphan.id}`);
      putNetwork(tx, 'x1', ['10.1.0.0/24']);
      for (const name of ['a1', 'a2']) putContainer(tx, name, 'h2', ['x1']);
    });
    expect(taken).toBe('its address 10.1.0.3 of network x1 is held by container a2 on host h2');
  });

  it('are held by an orphan that is to be removed, until it is', async () => {
    await store.update((tx) => {
      holdAddresses(tx, orphan, made);
      expect(endpointIn(tx, orphan.id, networkId('x1'))?.ipv4).toBe('10.1.0.3');
    });
  });

  it('are not held where they are another’s', async () => {
    await store.update((tx) => {
      tx.delete('orphans', `h1/${orphan.id}`);
      putNetwork(tx, 'x1', ['10.1.0.0/24']);
      for (const name of ['a1', 'a2']) putContainer(tx, name, 'h2', ['x1']);
      holdAddresses(tx, orphan, made);
      expect(endpointIn(tx, orphan.id, networkId('x1'))).toBeUndefined();
      expect(tx.get('addresses', `${networkId('x1')}/10.1.0.3`)?.holder).toMatchObject({ kind: 'container' });
    });
  });
});
