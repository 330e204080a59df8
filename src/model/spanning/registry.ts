import type { SpanDriver } from './driver.ts';
import { vlan } from './vlan.ts';
import { xoverlay } from './xoverlay.ts';

export const SPAN_DRIVERS: readonly SpanDriver[] = [xoverlay, vlan];

/** Undefined for a driver whose networks live on one host. */
export function spanDriver(name: string): SpanDriver | undefined {
  return SPAN_DRIVERS.find((driver) => driver.name === name);
}
