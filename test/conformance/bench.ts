import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { Lab } from '../lab/lab.ts';
import type { DockerCli } from './clients.ts';
import { type Ended, type ProgramOptions, program, type Running, start, tryProgram } from './program.ts';
import type { Registry } from './registry.ts';

type Kind = 'container' | 'network' | 'volume' | 'image' | 'service';

/** What containers of the tests run that should live: they end at once when they are told to. */
export const FOREVER = ['sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 0.1; done'] as const;

/** Prints two lines each on stdout and stderr, then lives. */
export const TALKER = [
  'sh',
  '-c',
  'echo out1; echo err1 >&2; echo out2; echo err2 >&2; trap "exit 0" TERM; while :; do sleep 0.1; done',
] as const;

/** One docker CLI against the lab's cluster, with a folder and names of its own; removes what was made with these. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'berth-conformance-'));
  readonly docker: Docker;
  /** Of this bench alone, in the names and labels of what it makes. */
  readonly tag = randomBytes(3).toString('hex');
  private count = 0;
  private made: { kind: Kind; name: string }[] = [];

  constructor(
    readonly lab: Lab,
    readonly cli: DockerCli,
    readonly registry: Registry,
  ) {
    mkdirSync(join(this.folder, 'config'));
    this.docker = new Docker({ socketPath: lab.endpoint.replace('unix://', '') });
  }

  private env(options: ProgramOptions): Record<string, string | undefined> {
    return { DOCKER_HOST: this.lab.endpoint, DOCKER_CONFIG: join(this.folder, 'config'), ...options.env };
  }

  /** Runs `docker ARGS` and returns its stdout. @throws LabError where it fails */
  run(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    return program([this.cli.path, ...args], { ...options, env: this.env(options) });
  }

  try(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
    return tryProgram([this.cli.path, ...args], { ...options, env: this.env(options) });
  }

  /** Starts `docker ARGS` with its stdin open. */
  start(args: readonly string[], options: ProgramOptions = {}): Running {
    return start([this.cli.path, ...args], { ...options, env: this.env(options) });
  }

  /** Runs `docker ARGS` on a terminal of 30 rows and 90 columns. */
  terminal(args: readonly string[]): Running {
    const command = [this.cli.path, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const argv = ['script', '-qefc', `stty rows 30 cols 90; exec ${command}`, '/dev/null'];
    return start(argv, { env: this.env({}) });
  }

  /** A name that is free; what is made with it is removed by `cleanUp`. */
  name(kind: Kind): string {
    const name = `cf-${this.tag}-${++this.count}`;
    this.made.push({ kind, name });
    return name;
  }

  /** Starts a container that lives, and returns its name. */
  async container(flags: readonly string[] = [], command: readonly string[] = FOREVER): Promise<string> {
    const name = this.name('container');
    await this.run(['run', '-d', '--name', name, ...flags, 'busybox', ...command]);
    return name;
  }

  /** `docker inspect` of one thing with a format. */
  inspect(name: string, format: string): Promise<string> {
    return this.run(['inspect', '-f', format, name]);
  }

  /** Writes a file into the bench's folder and returns its path. */
  file(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** A folder to build: a Dockerfile, and a label that tells the bench's images. */
  context(name: string, lines: readonly string[]): string {
    const dockerfile = ['FROM busybox', `LABEL conformance=${this.tag}`, ...lines].join('\n');
    return join(this.file(`${name}/Dockerfile`, `${dockerfile}\n`), '..');
  }

  /** Removes what has the names that were given out. */
  async cleanUp(): Promise<void> {
    const made = this.made.splice(0);
    const of = (kind: Kind) => made.filter((one) => one.kind === kind).map(({ name }) => name);
    const remove = (names: string[], act: (name: string) => Promise<unknown>) =>
      Promise.all(names.map((name) => act(name).catch(ignoreMissing)));
    await remove(of('service'), (name) => this.docker.getService(name).remove());
    await remove(of('container'), (name) => this.docker.getContainer(name).remove({ force: true, v: true }));
    await remove(of('network'), (name) => this.docker.getNetwork(name).remove());
    await remove(of('volume'), (name) => this.docker.getVolume(name).remove({ force: true }));
    await remove(of('image'), (name) => this.docker.getImage(name).remove({ force: true }));
  }

  async close(): Promise<void> {
    await this.cleanUp();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function ignoreMissing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error;
}
