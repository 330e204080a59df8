/**
 * The name of a network interface: what Linux takes, without what could be read as an option of a program or as a path.
 * With a VLAN behind a dot, as everybody names 802.1q interfaces (`eth0.217`).
 */
export function isInterfaceName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(text);
}
