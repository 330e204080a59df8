import type { Run } from '../commands.ts';
import type { VlanBackend } from './backend.ts';
import { bridge } from './bridge/bridge.ts';
import { macvlan } from './macvlan.ts';
import { openvswitch } from './openvswitch/openvswitch.ts';

/** Kinds of backend, best first: the first that works on a host is taken where the network names none. */
export const BACKENDS: readonly ((run: Run) => VlanBackend)[] = [openvswitch, bridge, macvlan];
