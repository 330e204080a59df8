import { bareKernelSuite } from './bare-kernel.ts';
import { encryptionSuite } from './encryption.ts';
import type { Suite } from './protocol.ts';
import { vlanSuite } from './vlan.ts';

/** All tests that run in the guest, by the names under which they are reported. */
export const SUITES: Readonly<Record<string, Suite>> = {
  'an encrypted network': encryptionSuite(4),
  'an encrypted network between IPv6 addresses': encryptionSuite(6),
  'VLANs by Linux bridges': vlanSuite('bridge'),
  'VLANs by macvlan': vlanSuite('macvlan'),
  'VLANs by Open vSwitch': vlanSuite('openvswitch'),
  'a kernel that lacks a part': bareKernelSuite(),
};
