import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Engine } from '../engine/index.ts';
import { Listing } from './listing.ts';

/**
 * Which machine this is, so that a copied data directory is refused on another one: the machine's ID and its engine's ID
 * together (32 hex digits). The engine's is in it because several hosts may live on one machine with one /etc/machine-id
 * (the lab); the machine's, because an image of a machine may carry an engine's ID to many.
 */
export function machineIdOf(machineId: string, engineId: string): string {
  return createHash('sha256').update(`${machineId.trim()}\n${engineId}`).digest('hex').slice(0, 32);
}

/** What the machine says of itself; empty on one without `/etc/machine-id`. */
export async function readEtcMachineId(path = '/etc/machine-id'): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/**
 * For joining, when there is no agent yet.
 * @throws BerthError `host_down` where the engine does not answer
 */
export async function askMachineId(engine: Engine, signal: AbortSignal): Promise<string> {
  const { engineId } = await new Listing(engine, signal).info();
  return machineIdOf(await readEtcMachineId(), engineId);
}
