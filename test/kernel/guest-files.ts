import { cpSync, existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ensureRequirements } from '../lab/requirements.ts';
import { LabError, run, tryRun } from '../lab/run.ts';
import { SWITCH_SCHEMA } from '../lab/switch-programs.ts';
import type { Kernel } from './debian-kernel.ts';

/** What the guest runs, by the Debian packages that bring it to this machine. */
const PROGRAMS = {
  'busybox-static': ['busybox'],
  coreutils: ['cat', 'env', 'mkdir', 'mv', 'sleep', 'tee', 'uname'],
  dash: ['sh'],
  ethtool: ['ethtool'],
  iproute2: ['ip', 'bridge'],
  iptables: ['iptables', 'ip6tables'],
  'iputils-ping': ['ping'],
  kmod: ['modprobe'],
  mount: ['mount'],
  'openvswitch-switch': ['ovs-vswitchd', 'ovs-vsctl', 'ovs-dpctl', 'ovsdb-server', 'ovsdb-tool'],
  tcpdump: ['tcpdump'],
  'util-linux': ['nsenter', 'unshare'],
};
/** What it reads. */
const FILES = [SWITCH_SCHEMA];
/** What this machine needs to make and run it. */
const TOOLS = [
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['depmod', 'kmod'],
  ['cpio', 'cpio'],
  ['ldd', 'libc-bin'],
  ['setpriv', 'util-linux'],
] as const;
/** Parts of the kernel that the guest may load; all of its drivers would be three times as much. */
const MODULES = [
  ...['kernel/net', 'kernel/crypto', 'kernel/lib', 'kernel/arch/x86/crypto', 'kernel/drivers/net/vxlan'],
  ...['veth', 'macvlan', 'tun'].map((driver) => `kernel/drivers/net/${driver}.ko`),
  ...['modules.builtin', 'modules.order', 'modules.builtin.modinfo'],
];
/** Where a distribution with a merged /usr has symbolic links. */
const MERGED = ['/bin', '/sbin', '/lib', '/lib64'];
const SCRIPT = '/guest.mjs';
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/**
 * Makes an initramfs of this machine's own programs with the libraries that they need, the kernel's modules, and the tests of
 * `guest/` as one file.
 * @param scratch an empty folder
 * @returns its path
 */
export async function makeInitramfs(kernel: Kernel, scratch: string): Promise<string> {
  const programs = Object.entries(PROGRAMS).flatMap(([pkg, all]) => all.map((one) => [one, pkg] as const));
  await ensureRequirements([...programs, ...TOOLS]);
  const root = join(scratch, 'root');
  for (const folder of ['proc', 'sys', 'dev', 'run', 'tmp', 'etc', 'var'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const link of MERGED) {
    if (!existsSync(link) || !lstatSync(link).isSymbolicLink()) continue;
    mkdirSync(join(root, realpathSync(link)), { recursive: true });
    symlinkSync(readlinkSync(link), join(root, link));
  }
  await putProgram(root, process.execPath);
  for (const [program] of programs) await putProgram(root, await pathOf(program));
  for (const file of FILES) put(root, file);
  await putFilterExtensions(root);
  await putModules(root, kernel);
  await build({
    entryPoints: [here('guest/main.ts')],
    outfile: join(root, SCRIPT),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.12',
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: 'import{createRequire as berthRequire}from"node:module";const require=berthRequire(import.meta.url);',
    },
  });
  cpSync(here('guest/init.sh'), join(root, 'init'));
  const image = join(scratch, 'initramfs');
  const pack = 'find . | cpio --create --format=newc --quiet --file="$0"';
  await run(['sh', '-c', pack, image], { cwd: root, timeoutMs: 120_000 });
  return image;
}

async function pathOf(program: string): Promise<string> {
  return run(['sh', '-c', 'command -v "$1"', 'sh', program]);
}

/** A program under the name by which it is called (several of them are one file), and its libraries. */
async function putProgram(root: string, program: string): Promise<void> {
  put(root, program);
  await putLibraries(root, program);
}

async function putLibraries(root: string, file: string): Promise<void> {
  // of a static program it says that it is none
  const { stdout } = await tryRun(['ldd', file]);
  for (const [library] of stdout.matchAll(/\/\S+/g))
    if (!existsSync(inside(root, library))) put(root, library);
}

/** Matches and targets of iptables, which it loads by name. */
async function putFilterExtensions(root: string): Promise<void> {
  const { stdout } = await tryRun(['sh', '-c', 'ls -d /usr/lib/*/xtables /usr/lib/xtables']);
  const [folder] = stdout.split('\n');
  if (folder === undefined || folder === '')
    throw new LabError('the extensions of iptables are not in /usr/lib/*/xtables: install iptables');
  cpSync(folder, inside(root, folder), { recursive: true, dereference: true });
}

async function putModules(root: string, { modules, release }: Kernel): Promise<void> {
  for (const part of MODULES)
    cpSync(join(modules, part), join(root, 'lib', 'modules', release, part), { recursive: true });
  await run(['depmod', '--basedir', root, release]);
}

function put(root: string, file: string): void {
  cpSync(realpathSync(file), inside(root, file));
}

/** Where a file of this machine is in the guest; not through its symbolic links, which lead to this machine's folders. */
function inside(root: string, file: string): string {
  return join(root, realpathSync(dirname(file)), basename(file));
}
