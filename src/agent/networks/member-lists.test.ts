import { expect, it } from 'vitest';
import type { Member } from '../../model/span.ts';
import { SPAN } from '../../network/libnetwork/host-book.fixture.ts';
import { changeMembers, dataPeers, elsewhere } from './member-lists.ts';

const member = (id: string, hostId: string): Member => ({
  ...{ id, hostId, via: '', names: [], up: true, mac: '02:00:00:00:00:01' },
});

it('changes add up, and a whole list puts an end to what was before', () => {
  const [a, b, moved] = [member('a', 'h1'), member('b', 'h2'), member('a', 'h2')];
  const members = new Map([['a', a]]);
  changeMembers(members, { whole: false, put: [b], drop: [] });
  expect([...members.values()]).toEqual([a, b]);
  changeMembers(members, { whole: false, put: [moved], drop: ['b'] });
  expect([...members.values()]).toEqual([moved]);
  changeMembers(members, { whole: true, put: [b], drop: [] });
  expect([...members.values()]).toEqual([b]);
});

it('what has come here is elsewhere no more', () => {
  const [here, there] = [member('a', 'h1'), member('b', 'h2')];
  expect(elsewhere({ whole: false, put: [here, there], drop: ['c'] }, 'h1')).toEqual({
    ...{ whole: false, put: [there], drop: ['c', 'a'] },
  });
});

it('hosts that share but a VLAN with this one need not be reached at their data addresses', () => {
  const { vni: _, ...vlan } = SPAN;
  const networks = [
    { id: 'x1', span: SPAN },
    { id: 'v1', span: { ...vlan, driver: 'vlan', vlanId: 100 } },
  ];
  const at = (hostId: string, via: string) => ({ ...member(hostId, hostId), via });
  const members = (id: string) =>
    id === 'x1'
      ? [at('h1', '192.0.2.1'), at('h2', '192.0.2.2'), at('h4', '')]
      : [at('h2', '192.0.2.2'), at('h3', '192.0.2.3')];
  const h2 = { address: '192.0.2.2', probed: false, tunnels: new Map([['clear', SPAN.mtu]]) };
  expect([...dataPeers(networks, members, 'h1')]).toEqual([['h2', h2]]);
});

it('the largest packet that goes to another host is that of all networks in common with it', () => {
  const networks = [
    { id: 'x1', span: { ...SPAN, mtu: 1450 } },
    { id: 'x2', span: { ...SPAN, mtu: 8950 } },
    { id: 'x3', span: { ...SPAN, mtu: 1400, encrypted: true } },
  ];
  const at = (hostId: string) => ({ ...member(hostId, hostId), via: '192.0.2.2', probed: true });
  const peers = dataPeers(networks, () => [at('h1'), at('h2'), at('h2')], 'h1');
  const tunnels = new Map([
    ['clear', 8950],
    ['encrypted', 1400],
  ]);
  expect([...peers]).toEqual([['h2', { address: '192.0.2.2', probed: true, tunnels }]]);
});
