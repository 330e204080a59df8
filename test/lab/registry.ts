import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { alone } from './alone.ts';
import { MAX_LABS } from './plan.ts';
import { LabError, tryRun } from './run.ts';

/**
 * Which labs there are on this machine: one symbolic link `INDEX -> NAME=FOLDER` each, below /run so that a reboot
 * forgets them. It changes, with what all labs share, under one lock of the machine: the last lab that goes takes nothing
 * away from the next one that comes.
 */
const REGISTRY = '/run/berth-lab';
/** Name of that lock. */
const LOCK = 'labs';
const FORWARD = '/proc/sys/net/ipv4/ip_forward';
const FORWARD_WAS_OFF = join(REGISTRY, 'ip-forward-was-off');
const MADE = join(REGISTRY, 'made');
/** Where hosts mount something of their own; made where missing, and removed after the last lab. */
const MOUNT_POINTS = ['/etc/docker', '/run/docker', '/run/containerd', '/run/netns'];
const MACHINE_ID = '/etc/machine-id';

export interface Registered {
  readonly name: string;
  readonly index: number;
  readonly folder: string;
}

export function registeredLabs(): Registered[] {
  let entries: string[];
  try {
    entries = readdirSync(REGISTRY);
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [, name = '', folder = ''] = /^([^=]*)=(.*)$/.exec(readlinkSync(join(REGISTRY, entry))) ?? [];
      return [{ name, folder, index: Number(entry) }];
    } catch {
      return []; // went away meanwhile
    }
  });
}

/**
 * The index of the lab, claimed now (`preferred` if that is free) or before, and packet forwarding switched on for as long as there are labs.
 * @throws LabError when the name is taken by a lab in another folder, or all indexes are.
 */
export function register(name: string, folder: string, preferred = 0): Promise<number> {
  return alone(LOCK, () => claim(name, folder, preferred));
}

function claim(name: string, folder: string, preferred: number): number {
  mkdirSync(REGISTRY, { recursive: true });
  const known = registeredLabs().find((lab) => lab.name === name);
  if (known !== undefined && known.folder !== folder) {
    throw new LabError(
      `there is a lab named "${name}" in ${known.folder} already: choose another --name, or --dir ${known.folder}`,
    );
  }
  if (readFileSync(FORWARD, 'utf8').trim() === '0') {
    writeFileSync(FORWARD_WAS_OFF, '');
    writeFileSync(FORWARD, '1');
  }
  for (const folder of MOUNT_POINTS) {
    if (mkdirSync(folder, { recursive: true }) !== undefined) appendFileSync(MADE, `${folder}\n`);
  }
  if (!existsSync(MACHINE_ID)) {
    writeFileSync(MACHINE_ID, '');
    appendFileSync(MADE, `${MACHINE_ID}\n`);
  }
  if (known !== undefined) return known.index;
  for (let tried = 0; tried < MAX_LABS; tried++) {
    const index = (preferred + tried) % MAX_LABS;
    try {
      symlinkSync(`${name}=${folder}`, join(REGISTRY, String(index)));
      return index;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new LabError(
    `all ${MAX_LABS} places for labs are taken: take one down (they are listed in ${REGISTRY})`,
  );
}

/** Forget the lab; after the last one, put packet forwarding back as it was and remove what `register` made. */
export function unregister(name: string): Promise<void> {
  return alone(LOCK, () => forget(name));
}

async function forget(name: string): Promise<void> {
  for (const lab of registeredLabs()) {
    if (lab.name === name) rmSync(join(REGISTRY, String(lab.index)), { force: true });
  }
  if (registeredLabs().length > 0) return;
  // an engine that came into the root namespace meanwhile needs forwarding, too
  if (existsSync(FORWARD_WAS_OFF) && !existsSync('/sys/class/net/docker0')) writeFileSync(FORWARD, '0');
  const made = existsSync(MADE) ? readFileSync(MADE, 'utf8').trim().split('\n') : [];
  // `ip netns add` mounts its folder onto itself; with a namespace in it this fails, rightly
  if (made.includes('/run/netns')) await tryRun(['umount', '/run/netns']);
  for (const path of made) {
    if (path !== MACHINE_ID) removeIfEmpty(path);
    else if (readFileSync(path, 'utf8') === '') rmSync(path);
  }
  for (const file of [FORWARD_WAS_OFF, MADE]) rmSync(file, { force: true });
  removeIfEmpty(REGISTRY);
}

/** What labs share, as it is while no lab comes or goes. */
export interface Shared {
  readonly labs: number;
  /** Packet forwarding as it is, and as it was before the first lab: `0` or `1`. */
  readonly forwarding: string;
  readonly before: string;
}

export function lookAtShared(): Promise<Shared> {
  return alone(LOCK, () => {
    const forwarding = readFileSync(FORWARD, 'utf8').trim();
    const labs = registeredLabs().length;
    return { labs, forwarding, before: existsSync(FORWARD_WAS_OFF) ? '0' : forwarding };
  });
}

/** Remove a folder that is empty; one that is not there, or in use by others meanwhile, is left as it is. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
