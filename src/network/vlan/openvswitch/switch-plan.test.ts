import { describe, expect, it } from 'vitest';
import type { Place } from '../backend.ts';
import type { Link } from '../links.ts';
import {
  addPort,
  argvOf,
  bridgeFor,
  ensureSwitch,
  isOnSwitch,
  isSwitched,
  removeFromSwitch,
  removePort,
  switchedElsewhere,
  switchObstacle,
} from './switch-plan.ts';
import { parseSwitchState, type SwitchPort, type SwitchState } from './switch-state.ts';

const place: Place = { networkId: 'n1', uplink: 'eth1', vlanId: 217, mtu: 1500, subnets: ['10.0.0.0/24'] };
const SERVICE = 'vshllym';

const port = (name: string, more: Partial<SwitchPort> = {}): [string, SwitchPort] => [
  name,
  { name, bridge: 'vo-eth1', tag: undefined, protected: false, mark: '', present: true, ...more },
];
const state = (bridges: Record<string, boolean>, ...ports: [string, SwitchPort][]): SwitchState => ({
  bridges: new Map(Object.entries(bridges).map(([name, made]) => [name, { made, datapath: 'netdev' }])),
  ports: new Map(ports),
});
const EMPTY = state({});
const uplink = port('eth1', { protected: true, mark: 'protected' });
const service = port(SERVICE, { tag: 217, protected: true, mark: 'n1' });
const OURS = state({ 'vo-eth1': true }, port('vo-eth1'), uplink, service);

describe('plan of a switch', () => {
  it('is one transaction', () => {
    expect(
      argvOf([
        ['add-br', 'b'],
        ['add-port', 'b', 'p', 'tag=1'],
      ]),
    ).toEqual('ovs-vsctl --timeout=10 add-br b -- add-port b p tag=1'.split(' '));
  });

  it('makes a bridge for the uplink where there is none', () => {
    expect(argvOf(ensureSwitch(EMPTY, place, 'netdev', SERVICE)).join(' ')).toBe(
      'ovs-vsctl --timeout=10 add-br vo-eth1 -- set Bridge vo-eth1 datapath_type=netdev external_ids:berth=made ' +
        '-- add-port vo-eth1 eth1 -- set Port eth1 protected=true external_ids:berth=protected ' +
        `-- --if-exists del-port ${SERVICE} -- add-port vo-eth1 ${SERVICE} tag=217 ` +
        `-- set Port ${SERVICE} protected=true external_ids:berth=n1`,
    );
  });

  it('does nothing where all is there', () => {
    expect(ensureSwitch(OURS, place, 'netdev', SERVICE)).toEqual([]);
  });

  it('forgets ports whose interface is gone', () => {
    const stale = state({ 'vo-eth1': true }, uplink, service, port('vhgone', { mark: 'n1', present: false }));
    expect(ensureSwitch(stale, place, 'system', SERVICE)).toEqual([['--if-exists', 'del-port', 'vhgone']]);
  });

  it("uses an operator's bridge that the uplink is in", () => {
    const theirs = state({ br0: false }, port('eth1', { bridge: 'br0' }));
    expect(bridgeFor(theirs, place)).toBe('br0');
    expect(ensureSwitch(theirs, place, 'netdev', SERVICE)[0]).toEqual([
      'set',
      'Port',
      'eth1',
      'protected=true',
      'external_ids:berth=protected',
    ]);
    const done = state(
      { br0: false },
      port('eth1', { bridge: 'br0', protected: true, mark: 'protected' }),
      port(SERVICE, { bridge: 'br0', tag: 217, protected: true, mark: 'n1' }),
    );
    expect(removeFromSwitch(done, place)).toEqual([
      ['--if-exists', 'del-port', SERVICE],
      ['set', 'Port', 'eth1', 'protected=false'],
      ['remove', 'Port', 'eth1', 'external_ids', 'berth'],
    ]);
  });

  it('adds an access port for a container; tag 0 where frames have no tag', () => {
    expect(argvOf(addPort(OURS, place, 'vh1')).join(' ')).toBe(
      'ovs-vsctl --timeout=10 --may-exist add-port vo-eth1 vh1 tag=217 -- set Port vh1 external_ids:berth=n1',
    );
    expect(addPort(OURS, { ...place, vlanId: undefined }, 'vh1')[0]).toContain('tag=0');
    expect(argvOf(removePort('vh1'))).toEqual([
      'ovs-vsctl',
      '--timeout=10',
      '--if-exists',
      'del-port',
      'vh1',
    ]);
  });

  it('takes the bridge away with the last network', () => {
    const removal = [['--if-exists', 'del-port', SERVICE]];
    expect(removeFromSwitch(OURS, place)).toEqual([...removal, ['--if-exists', 'del-br', 'vo-eth1']]);
    const shared = state({ 'vo-eth1': true }, uplink, service, port('vsother', { tag: 218, mark: 'n2' }));
    expect(removeFromSwitch(shared, place)).toEqual(removal);
    expect(removeFromSwitch(EMPTY, place)).toEqual([]);
  });

  it('keeps its own bridge where somebody else has put a port into it', () => {
    const used = state({ 'vo-eth1': true }, port('vo-eth1'), uplink, service, port('tap7'));
    expect(removeFromSwitch(used, place)).not.toContainEqual(['--if-exists', 'del-br', 'vo-eth1']);
  });

  it('knows whether the network is there', () => {
    const veth = (master?: string) =>
      new Map([
        [SERVICE, { name: SERVICE, kind: 'veth', master } as unknown as Link],
        ['br0', { name: 'br0', kind: 'bridge' } as unknown as Link],
      ]);
    expect(isSwitched(veth(), place)).toBe(true);
    expect(isSwitched(veth('ovs-system'), place)).toBe(true);
    expect(isSwitched(veth('br0'), place)).toBe(false);
    expect(isSwitched(new Map(), place)).toBe(false);
    expect(isOnSwitch(OURS, place)).toBe(true);
    expect(isOnSwitch(OURS, { ...place, networkId: 'n9' })).toBe(false);
  });
});

describe('obstacles of a switch', () => {
  const link = (more: Partial<Link> = {}) =>
    new Map([['eth1', { name: 'eth1', addresses: [], master: undefined, ...more } as unknown as Link]]);

  it('an address that would be cut off', () => {
    expect(switchObstacle(EMPTY, link({ addresses: ['192.0.2.13'] }), place)).toMatch(
      /^eth1 has the address 192\.0\.2\.13, and as a port of Open vSwitch this host would be cut off/,
    );
    expect(switchObstacle(OURS, link({ addresses: ['192.0.2.13'] }), place)).toBeUndefined();
  });

  it('an uplink that is in something else', () => {
    expect(switchObstacle(EMPTY, link({ master: 'bond0' }), place)).toContain('is a port of bond0 already');
  });

  it('another network of the cluster on the same VLAN', () => {
    expect(switchObstacle(OURS, link(), { ...place, networkId: 'n2' })).toBe(
      'VLAN 217 on eth1 is network n1 of the cluster already: give that one a second --subnet instead',
    );
    expect(switchObstacle(OURS, link(), { ...place, networkId: 'n2', vlanId: 218 })).toBeUndefined();
  });
});

describe('a network on another uplink', () => {
  const moved = { ...place, uplink: 'eth2' };
  const container = (present: boolean) => port('vhhllymabcdefg', { tag: 217, mark: 'n1', present });
  const withOne = (present: boolean) => state({ 'vo-eth1': true }, uplink, service, container(present));

  it('is found by its ports, and whether containers are there', () => {
    expect(switchedElsewhere(OURS, moved)).toEqual({ uplink: 'eth1', inUse: false });
    expect(switchedElsewhere(withOne(true), moved)).toEqual({ uplink: 'eth1', inUse: true });
    expect(switchedElsewhere(withOne(false), moved)).toEqual({ uplink: 'eth1', inUse: false });
    expect(switchedElsewhere(withOne(true), place)).toBeUndefined();
    expect(switchedElsewhere(EMPTY, moved)).toBeUndefined();
    expect(switchedElsewhere(OURS, { ...moved, networkId: 'n2' })).toBeUndefined();
  });
});

describe('state of a switch', () => {
  /** As ovs-vsctl 3.1 printed it. */
  const SHOWN = [
    '{"data":[["vo-eth1",["set",[["uuid","u1"],["uuid","u2"],["uuid","u3"],["uuid","u4"]]],["map",[["berth","made"]]],"netdev"],["one",["uuid","u5"],["map",[]],""]],"headings":["name","ports","external_ids","datapath_type"]}',
    '{"data":[[["uuid","u4"],"eth1",["set",[]],true,["map",[["berth","protected"]]]],[["uuid","u1"],"va",217,false,["map",[["berth","net1"],["other","x"]]]],[["uuid","u2"],"vo-eth1",["set",[]],false,["map",[]]],[["uuid","u3"],"gone",217,false,["map",[["berth","net1"]]]],[["uuid","u5"],"one",["set",[]],false,["map",[]]]],"headings":["_uuid","name","tag","protected","external_ids"]}',
    '{"data":[["eth1",1],["vo-eth1",65534],["gone",-1],["va",["set",[]]]],"headings":["name","ofport"]}',
    '',
  ].join('\n');

  it('is read from its database', () => {
    const { bridges, ports } = parseSwitchState(SHOWN);
    expect([...bridges]).toEqual([
      ['vo-eth1', { made: true, datapath: 'netdev' }],
      ['one', { made: false, datapath: '' }],
    ]);
    expect(ports.get('eth1')).toEqual({
      name: 'eth1',
      bridge: 'vo-eth1',
      tag: undefined,
      protected: true,
      mark: 'protected',
      present: true,
    });
    expect(ports.get('va')).toMatchObject({ bridge: 'vo-eth1', tag: 217, mark: 'net1', present: true });
    expect(ports.get('gone')).toMatchObject({ present: false });
    expect(ports.get('one')).toMatchObject({ bridge: 'one' });
  });

  it('may be empty', () => {
    expect(parseSwitchState('').ports.size).toBe(0);
    expect(() => parseSwitchState('no JSON')).toThrow();
  });
});
