import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tryProgram } from './program.ts';

/** A client as a column of the table: its name there and, for a docker CLI, where it is. */
export interface DockerCli {
  readonly column: string;
  readonly path: string;
  readonly major: number;
}

/** Where docker CLIs are looked for: the first in PATH, one by hand, the distribution's. */
const PLACES = [...(process.env.PATH ?? '').split(':'), '/usr/local/bin', '/usr/bin'];

/** Every docker CLI of this machine, the newest first, one for each version (`28`, `20.10`). */
export async function dockerClis(): Promise<DockerCli[]> {
  const paths = new Set(
    PLACES.map((folder) => `${folder}/docker`)
      .filter((path) => existsSync(path))
      .map((path) => realpathSync(path)),
  );
  const found = new Map<string, DockerCli>();
  for (const path of paths) {
    const { stdout } = await tryProgram([path, '--version']);
    const [, major = '', minor = ''] = /version (\d+)\.(\d+)/.exec(stdout) ?? [];
    if (major === '') continue;
    const column = `docker ${Number(major) < 23 ? `${major}.${minor}` : major}`;
    if (!found.has(column)) found.set(column, { column, path, major: Number(major) });
  }
  return [...found.values()].toSorted((a, b) => b.major - a.major);
}

export interface OtherClient {
  readonly column: string;
  readonly argv: readonly string[];
}

/** Packages of the distribution with further clients. */
const PACKAGES: readonly (readonly [file: string, pkg: string])[] = [
  ['/usr/bin/docker-compose', 'docker-compose'],
  ['/usr/lib/python3/dist-packages/docker/__init__.py', 'python3-docker'],
];

/** Installs from the distribution the clients that are missing; where it has none the table goes without that column. */
export async function ensureClients(): Promise<void> {
  const missing = PACKAGES.filter(([file]) => !existsSync(file)).map(([, pkg]) => pkg);
  if (missing.length === 0) return;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120'];
  await tryProgram([...apt, 'update'], { env, timeoutMs: 300_000 });
  for (const pkg of missing) {
    process.stderr.write(`conformance: installing ${pkg} from the distribution\n`);
    const install = [...apt, 'install', '-y', '--no-install-recommends', pkg];
    const { code, stderr } = await tryProgram(install, { env, timeoutMs: 300_000 });
    if (code !== 0) process.stderr.write(`conformance: goes without ${pkg}: ${stderr.trim().slice(-300)}\n`);
  }
}

/** docker-compose 1.29, where it is installed. */
export async function composeClient(): Promise<OtherClient | undefined> {
  const { code, stdout } = await tryProgram(['/usr/bin/docker-compose', 'version', '--short']);
  const [short] = /^\d+\.\d+/.exec(stdout) ?? [];
  if (code !== 0 || short === undefined) return undefined;
  return { column: `docker-compose ${short}`, argv: ['/usr/bin/docker-compose', '--ansi', 'never'] };
}

/** The distribution's python3-docker, where it is installed. */
export async function pythonClient(): Promise<OtherClient | undefined> {
  const python = '/usr/bin/python3';
  const { code, stdout } = await tryProgram([python, '-c', 'import docker; print(docker.__version__)']);
  const [short] = /^\d+\.\d+/.exec(stdout) ?? [];
  return code !== 0 || short === undefined
    ? undefined
    : { column: `python3-docker ${short}`, argv: [python] };
}

/** dockerode's column; the package is one of the repository's own. */
export function dockerodeColumn(): string {
  const { version } = createRequire(import.meta.url)('dockerode/package.json') as { version: string };
  return `dockerode ${version.split('.').slice(0, 2).join('.')}`;
}
