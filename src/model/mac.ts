import type { Ip } from './ip.ts';

/**
 * `02:be:` (locally administered, unicast) and the IPv4 address: a container that moves keeps both, so that what others
 * remember of it stays right (ADR 6). Of an IPv6 address its last 32 bits.
 */
export function macOf({ value }: Ip): string {
  const bits = Number(value & 0xffffffffn);
  const bytes = [0x02, 0xbe, bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Lower case with colons; undefined where the text is no unicast address of six bytes. */
export function normalMac(text: string): string | undefined {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)) return undefined;
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 || mac === '00:00:00:00:00:00' ? undefined : mac;
}
