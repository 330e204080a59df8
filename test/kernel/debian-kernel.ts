import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LabError, run, tryRun } from '../lab/run.ts';

/** Debian's kernel for virtual machines: a third of the size of the one for real ones, with all that networks need. */
const LATEST = 'linux-image-cloud-amd64';

/** A kernel that is not the machine's own. */
export type Kernel = Readonly<{
  /** As `uname -r` prints it. */
  release: string;
  image: string;
  /** Folder of its modules, `…/lib/modules/RELEASE`. */
  modules: string;
}>;

/**
 * The kernel that the machine's package lists call the latest one, unpacked in the cache (`BERTH_CACHE`, `~/.cache/berth`),
 * not installed. Downloaded once, 26 MB.
 * @throws LabError where the distribution has no such package or it cannot be downloaded
 */
export async function debianKernel(): Promise<Kernel> {
  const name = (await packageName()) ?? (await refresh().then(packageName));
  if (name === undefined) {
    throw new LabError(
      `this distribution has no package ${LATEST}: run the part "kernel" of the tests on Debian for amd64`,
    );
  }
  const cache = process.env.BERTH_CACHE ?? join(homedir(), '.cache', 'berth');
  const folder = join(cache, 'kernels', name);
  if (!existsSync(folder)) await unpack(name, folder);
  const [release = ''] = readdirSync(join(folder, 'lib', 'modules'));
  return {
    release,
    image: join(folder, 'boot', `vmlinuz-${release}`),
    modules: join(folder, 'lib', 'modules', release),
  };
}

async function packageName(): Promise<string | undefined> {
  const { stdout } = await tryRun(['apt-cache', 'depends', LATEST]);
  return /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
}

const refresh = () => run(['apt-get', '-qq', 'update'], { timeoutMs: 300_000 });

/** Under another name first: the cache never shows half a kernel. */
async function unpack(name: string, folder: string): Promise<void> {
  await run(['mkdir', '-p', join(folder, '..')]);
  const scratch = mkdtempSync(`${folder}.`);
  try {
    const download = ['apt-get', '-qq', '-o', 'APT::Sandbox::User=root', 'download', name];
    const fetched = () => tryRun(download, { cwd: scratch, timeoutMs: 300_000 });
    if ((await fetched()).code !== 0) {
      // lists that are a few days old name a kernel that is not there any more
      await refresh();
      const { code, stderr } = await fetched();
      if (code !== 0) throw new LabError(`${name} cannot be downloaded: ${stderr.trim()}`);
    }
    const archive = readdirSync(scratch).find((file) => file.endsWith('.deb')) ?? '';
    await run(['dpkg-deb', '--extract', join(scratch, archive), join(scratch, 'root')]);
    if (!existsSync(folder)) renameSync(join(scratch, 'root'), folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
