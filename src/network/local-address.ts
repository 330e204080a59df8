import { networkInterfaces } from 'node:os';

/** The address where an interface of this machine has it; undefined where it is another one's, before this machine (NAT). */
export function localOf(address: string): string | undefined {
  const own = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address));
  return own ? address : undefined;
}
