import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { LocalCommands } from '../local.ts';
import { type CliInput, runCli } from '../run-cli.ts';
import { type FakeManager, fakeManager, type Handlers } from './fake-manager.ts';

/** Local commands that a test did not give are a mistake of the test. */
const noLocal: LocalCommands = {
  up: () => Promise.reject(new Error('up was not expected')),
  down: () => Promise.reject(new Error('down was not expected')),
  agent: () => Promise.reject(new Error('agent was not expected')),
  dockerEndpoint: () => undefined,
};

export type RunOptions = Partial<
  Omit<CliInput, 'argv' | 'local' | 'stdin' | 'isTTY'> & {
    local: Partial<LocalCommands>;
    /** All of standard input. */
    input: string;
    isTTY: Partial<CliInput['isTTY']>;
  }
>;

export type RunResult = Readonly<{ code: number; stdout: string; stderr: string }>;

/** A folder of the test's own, removed when it ends. */
export function tempDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs one command line in this process. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { local, input, isTTY, ...rest } = options;
  const stdin = new PassThrough();
  stdin.end(input ?? '');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map(async (stream) => {
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    return text;
  });
  const homeDir = rest.homeDir ?? tempDir();
  const code = await runCli({
    env: {},
    cwd: homeDir,
    version: '9.9.9',
    ...rest,
    homeDir,
    argv,
    stdin,
    stdout,
    stderr,
    isTTY: { stdin: false, stdout: false, stderr: false, ...isTTY },
    local: { ...noLocal, ...local },
  });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { code, stdout: out, stderr: err };
}

/** A manager on a socket in a data directory of its own, and a `run` that finds it. */
export async function withManager(
  handlers: Handlers,
): Promise<{ manager: FakeManager; dataDir: string; berth: typeof run }> {
  const dataDir = tempDir();
  mkdirSync(join(dataDir, 'run'));
  const manager = await fakeManager({ socket: join(dataDir, 'run', 'api.sock') }, handlers);
  onTestFinished(() => manager.close());
  return {
    manager,
    dataDir,
    berth: (argv, options = {}) =>
      run(argv, { ...options, env: { BERTH_DATA_DIR: dataDir, ...options.env } }),
  };
}
