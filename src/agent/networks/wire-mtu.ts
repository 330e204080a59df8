import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';

/** Ethernet's. */
const USUAL = 1500;

/** MTU of the interface that has the address, bytes; Ethernet's where none has it (it is another machine's, before this one). */
export async function wireMtuAt(address: string): Promise<number> {
  const found = Object.entries(networkInterfaces()).find(([, entries]) =>
    entries?.some((entry) => entry.address === address),
  );
  if (found === undefined) return USUAL;
  try {
    const mtu = Number(await readFile(`/sys/class/net/${found[0]}/mtu`, 'utf8'));
    return Number.isInteger(mtu) && mtu > 0 ? mtu : USUAL;
  } catch {
    return USUAL;
  }
}
