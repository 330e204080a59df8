import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';

const DIGITS = 32;

/**
 * Another one whenever this host's kernel has lost what it knows of networks: it was started anew, or this is another network
 * namespace. Undefined where the kernel does not say.
 */
export async function kernelLife(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const namespace = await readlink('/proc/self/ns/net');
    return createHash('sha256').update(`${boot.trim()} ${namespace}`).digest('hex').slice(0, DIGITS);
  } catch {
    return undefined;
  }
}
