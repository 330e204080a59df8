import { alone } from './alone.ts';
import { LabError, run, tryRun } from './run.ts';

type Needed = readonly (readonly [program: string, pkg: string])[];

/** The lock of `scripts/install.sh` and `scripts/bake-image.mjs`, too. */
const APT_LOCK = 'apt';

/** What a lab needs on the machine, and the Debian or Ubuntu package that brings it. */
const NEEDED: Needed = [
  ['dockerd', 'docker.io'],
  ['docker', 'docker-cli'],
  ['ip', 'iproute2'],
  ['iptables', 'iptables'],
  ['nsenter', 'util-linux'],
  ['mount', 'mount'],
];

/**
 * Install from the distribution what a lab needs and the machine has not, saying so on stderr.
 * @param more what the caller needs beside it
 * @throws LabError when not run as root on Linux, or where there is no apt-get to install with.
 */
export async function ensureRequirements(more: Needed = []): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new LabError('a lab makes network namespaces and Docker Engines: run it as root on Linux');
  }
  // one after the other: docker.io brings the client along on some releases, docker-cli does on the others
  for (const [program, pkg] of [...NEEDED, ...more])
    if (!(await has(program))) await alone(APT_LOCK, () => install(program, pkg));
}

async function has(program: string): Promise<boolean> {
  return (await tryRun(['/bin/sh', '-c', 'command -v "$1"', 'sh', program])).code === 0;
}

let refreshed = false;

/** Under a lock: apt waits for others that install, but not for those that read package lists. */
async function install(program: string, pkg: string): Promise<void> {
  if (await has(program)) return; // by whoever had the lock before
  if (!(await has('apt-get')))
    throw new LabError(`${program} is missing and there is no apt-get: install ${program}`);
  process.stderr.write(`lab: installing ${pkg} from the distribution, for ${program}\n`);
  const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120'];
  if (!refreshed) await run([...apt, 'update'], { timeoutMs: 300_000 });
  refreshed = true;
  await run([...apt, 'install', '-y', '--no-install-recommends', pkg], { timeoutMs: 600_000 });
}
