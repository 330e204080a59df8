import { contains, parseIp, parseSubnet } from './ip.ts';

/** Whether an address (none is in no subnet) is in a subnet, both as they are written. */
export function isIn(subnet: string, ip: string | undefined): boolean {
  const [all, one] = [parseSubnet(subnet), ip === undefined ? undefined : parseIp(ip)];
  return all !== undefined && one !== undefined && contains(all, one);
}
