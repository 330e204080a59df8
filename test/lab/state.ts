import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostLabels } from './cluster.ts';
import { LABS_FOLDER } from './plan.ts';
import { registeredLabs } from './registry.ts';
import { LabError } from './run.ts';

/** The checkout that this program is of: a lab's manager and agents are of the one that made it. */
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** What a lab's folder remembers of it: enough for every subcommand, and for `down` after a crash. */
export interface LabState {
  readonly name: string;
  /** Kept over a reboot, as agents remember the manager's address. */
  readonly index: number;
  readonly hosts: number;
  /** Of the first hosts, where they were given. */
  readonly names?: readonly string[];
  /** Whether there is a manager that the hosts join. */
  readonly joined: boolean;
  /** Labels that hosts bring along when they join, by host name. */
  readonly labels: HostLabels;
  /** The folder of the checkout that has made it; a lab of an earlier version says none. */
  readonly checkout?: string;
}

const USUAL = 'lab';

/** The folder of the lab: as given, or where a lab of that name is, or where it would be. */
export function folderOf(name: string, dir?: string): string {
  return dir ?? registeredLabs().find((lab) => lab.name === name)?.folder ?? join(LABS_FOLDER, name);
}

export function readState(folder: string): LabState | undefined {
  const file = join(folder, 'lab.json');
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as LabState;
}

/**
 * The name of a lab where none was given: `lab`.
 * @throws LabError where another checkout has made a lab of that name: nobody takes it, or takes it down, unawares
 */
export function usualName(dir?: string): string {
  const folder = folderOf(USUAL, dir);
  const made = readState(folder)?.checkout;
  if (made === undefined || made === CHECKOUT) return USUAL;
  throw new LabError(
    `lab "${USUAL}" in ${folder} is of another checkout, ${made}: give yours a name (--name NAME), or take that one by --name ${USUAL}`,
  );
}

/** Write the state, whole or not at all. @throws LabError for a folder that holds something else. */
export function writeState(folder: string, state: LabState): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'lab.json');
  const others = readdirSync(folder).filter((entry) => entry !== 'lab.json.new');
  if (others.length > 0 && !existsSync(file)) {
    throw new LabError(
      `${folder} is not empty and no lab's folder: choose another --dir, "down" would remove it`,
    );
  }
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
