import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { dialerFor, newDockerEngine } from '../engine/index.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import { writeWhole } from './data-dir.ts';
import { run } from './run.ts';

/** How each distribution's package manager installs its Docker Engine: argv arrays, run in order. */
export const ENGINE_PACKAGES: readonly Readonly<{ tool: string; steps: readonly (readonly string[])[] }>[] = [
  {
    tool: 'apt-get',
    steps: [
      ['apt-get', 'update', '-qq'],
      ['apt-get', 'install', '-y', '-qq', 'docker.io', 'iptables'],
    ],
  },
  { tool: 'dnf', steps: [['dnf', 'install', '-y', '-q', 'moby-engine']] },
  { tool: 'yum', steps: [['yum', 'install', '-y', '-q', 'docker']] },
  { tool: 'zypper', steps: [['zypper', '--non-interactive', 'install', 'docker']] },
  { tool: 'apk', steps: [['apk', 'add', '--quiet', 'docker']] },
  { tool: 'pacman', steps: [['pacman', '-S', '--noconfirm', 'docker']] },
];

type EnsureEngine = Readonly<{
  /** `unix:///path` or `tcp://…`: where the engine is expected. */
  url: string;
  install: boolean;
  /** Rejects where the engine does not answer. */
  ping(): Promise<void>;
  say(line: string): void;
  path: string;
  logFile: string;
  pidFile: string;
}>;

/**
 * Sees to it that the host's Docker Engine answers: installs it from the distribution where it is missing, starts it
 * where it is not running.
 * @throws BerthError `unavailable` that says what to do where that is not allowed or does not work.
 */
export async function ensureEngine(options: EnsureEngine): Promise<void> {
  const refused = await tryPing(options.ping);
  if (refused === undefined) return;
  if (!options.url.startsWith('unix://')) {
    throw new BerthError('unavailable', `no Docker Engine answers at ${options.url}: ${refused}`, {
      hint: 'start it, or name another with --engine',
    });
  }
  if (!installed('dockerd', options.path)) await installEngine(options);
  await startEngine(options, refused);
}

async function installEngine({ install, path, say }: EnsureEngine): Promise<void> {
  const how = ENGINE_PACKAGES.find(({ tool }) => installed(tool, path));
  if (!install || how === undefined) {
    throw new BerthError('unavailable', 'this host has no Docker Engine', {
      hint: install
        ? 'install it by hand (https://docs.docker.com/engine/install/), then try again'
        : 'install it, or leave out --no-install so that Berth does',
    });
  }
  say(`installing the Docker Engine from the distribution (${how.steps.at(-1)?.join(' ')})`);
  for (const step of how.steps) {
    const { code, output } = await run(step, { env: { DEBIAN_FRONTEND: 'noninteractive' } });
    if (code !== 0) {
      throw new BerthError('unavailable', `"${step.join(' ')}" failed: ${lastLine(output)}`, {
        hint: 'run it by hand to see more, then try again',
      });
    }
  }
}

async function startEngine(options: EnsureEngine, refused: string): Promise<void> {
  const { url, say, path, logFile, pidFile, ping } = options;
  if (existsSync('/run/systemd/system')) {
    say('starting the Docker Engine (systemctl enable --now docker)');
    const { code, output } = await run(['systemctl', 'enable', '--now', 'docker']);
    if (code !== 0)
      throw new BerthError('unavailable', `systemd could not start docker: ${lastLine(output)}`);
  } else if (installed('rc-service', path)) {
    say('starting the Docker Engine (rc-service docker start)');
    await run(['rc-service', 'docker', 'start']);
  } else if (processes().some((argv) => isEngineAt(argv, url))) {
    // It opens its socket before it answers there; a second one would take that away from it.
    say('waiting for the Docker Engine, which is starting');
  } else {
    say(`starting the Docker Engine (no service manager here; its log: ${logFile})`);
    const log = openSync(logFile, 'a', 0o600);
    const daemon = spawn('dockerd', ['--host', url], { detached: true, stdio: ['ignore', log, log] });
    await new Promise<void>((resolve, reject) => {
      daemon.once('spawn', resolve);
      daemon.once('error', reject);
    });
    if (daemon.pid !== undefined) writeWhole(pidFile, `${daemon.pid}\n`);
    daemon.unref();
  }
  let last: string | undefined = refused;
  for (let tries = 0; tries < 120 && last !== undefined; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    last = await tryPing(ping);
  }
  if (last !== undefined) {
    throw new BerthError(
      'unavailable',
      `the Docker Engine was started but does not answer at ${url}: ${last}`,
      {
        hint: `look into ${logFile} or "journalctl -u docker"`,
      },
    );
  }
}

/** Where an engine listens that was given no address. */
const DEFAULT_SOCKETS: ReadonlySet<string> = new Set([
  'unix:///var/run/docker.sock',
  'unix:///run/docker.sock',
]);

/** Whether a process is a Docker Engine that serves `url` (dockerd(8): `-H`, `--host`, in one word or two). */
export function isEngineAt([program = '', ...args]: readonly string[], url: string): boolean {
  if (basename(program) !== 'dockerd') return false;
  const hosts = args.flatMap((arg, at) => {
    const joined = /^(?:--host=|-H=?)(.+)$/.exec(arg)?.[1];
    if (joined !== undefined) return [joined];
    return arg === '--host' || arg === '-H' ? [args[at + 1] ?? ''] : [];
  });
  return hosts.length === 0 ? DEFAULT_SOCKETS.has(url) : hosts.includes(url);
}

/** The command lines of all processes. */
function processes(): string[][] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)];
    } catch {
      return [];
    }
  });
}

async function tryPing(ping: () => Promise<void>): Promise<string | undefined> {
  try {
    await ping();
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** True where `program` lies in one of the folders of `path`. */
export function installed(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}

/** Resolves where an engine answers at `url` within two seconds. */
export async function engineAnswers(url: string): Promise<void> {
  const engine = newDockerEngine(dialerFor(url));
  try {
    const { body, status } = await engine.request({
      method: 'GET',
      path: '/_ping',
      signal: AbortSignal.timeout(2_000),
    });
    body.resume();
    if (status !== 200) throw new BerthError('unavailable', `it answered with status ${status}`);
  } finally {
    engine.close();
  }
}
