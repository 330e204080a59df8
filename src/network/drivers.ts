import type { DriverDeps, NetworkDriver } from './driver.ts';
import { newXoverlayDriver } from './xoverlay/driver.ts';

/** All network drivers: a new one is one folder, and one line here. */
export const DRIVERS: readonly ((deps: DriverDeps) => NetworkDriver)[] = [newXoverlayDriver];
