import type { DriverDeps, NetworkDriver } from './driver.ts';
import { VlanDriver } from './vlan/vlan-driver.ts';
import { newXoverlayDriver } from './xoverlay/driver.ts';

/** All network drivers: a new one is one folder, and one line here. */
export const DRIVERS: readonly ((deps: DriverDeps) => NetworkDriver)[] = [
  newXoverlayDriver,
  ({ run, vlanUplink }) => new VlanDriver({ run, uplink: vlanUplink, hostPid: process.pid }),
];
