import { isIPv4, isIPv6 } from 'node:net';

/** True where it can stand in a message: labels of 1 to 63 bytes, 253 in all, printable, without escapes. */
export function isDomainName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= 253 &&
    /^[!-~]+$/.test(name) &&
    !name.includes('\\') &&
    name.split('.').every((label) => label.length > 0 && label.length <= 63)
  );
}

/** The name under which an address is looked up (`10.1.168.192.in-addr.arpa`); undefined for what is no address. */
export function reverseName(address: string): string | undefined {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  if (!isIPv6(address) || address.includes('%')) return undefined;
  return `${[...hexDigits(address)].reverse().join('.')}.ip6.arpa`;
}

/** All 32 digits of an IPv6 address. */
function hexDigits(address: string): string {
  const [head = '', tail] = withHexTail(address).split('::');
  const digits = (part: string) =>
    part
      .split(':')
      .filter((group) => group !== '')
      .map((group) => group.padStart(4, '0'))
      .join('');
  if (tail === undefined) return digits(head).toLowerCase();
  return (digits(head) + digits(tail).padStart(32 - digits(head).length, '0')).toLowerCase();
}

/** `::ffff:192.0.2.1` without its dots. */
function withHexTail(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map((part) => Number(part).toString(16).padStart(2, '0'));
    return `${a}${b}:${c}${d}`;
  });
}
