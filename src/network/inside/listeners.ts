import { formatIp } from '../../model/ip.ts';

/** `TCP_LISTEN` (Linux: include/net/tcp_states.h). */
const LISTEN = '0A';

/**
 * Where processes wait for connections, of a text such as `/proc/net/tcp` (Linux: net/ipv4/tcp_ipv4.c, get_tcp4_sock): the
 * address is in hexadecimal, each four bytes of it in the machine's order, which is little-endian wherever Berth runs.
 */
export function* listeners(table: string): Iterable<Readonly<{ address: string; port: number }>> {
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [hex = '', port = ''] = local.split(':');
    if (state !== LISTEN || !/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) continue;
    const words = hex.match(/.{8}/g) ?? [];
    const bytes = words.map((word) => (word.match(/../g) ?? []).reverse().join('')).join('');
    const family = hex.length === 8 ? 4 : 6;
    yield { address: formatIp({ family, value: BigInt(`0x${bytes}`) }), port: Number.parseInt(port, 16) };
  }
}
