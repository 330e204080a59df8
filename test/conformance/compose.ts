import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import type { OtherClient } from './clients.ts';
import { type Ended, type ProgramOptions, program, type Running, start, tryProgram } from './program.ts';

const LIVE = `["sh", "-c", "echo up; trap 'exit 0' TERM; while :; do sleep 0.1; done"]`;

/** Two services, a network, a volume, and one that is built. */
const PROJECT = `
version: "2.4"
services:
  web:
    image: busybox
    command: ${LIVE}
    depends_on: [db]
    ports: ["80"]
    environment: {WORD: said}
  db:
    image: busybox
    command: ${LIVE}
    volumes: ["data:/data"]
  built:
    build: .
    image: IMAGE
volumes:
  data: {}
`;

/** docker-compose against the lab's cluster, in a project of its own. */
export class ComposeBench {
  private readonly folder = mkdtempSync(join(tmpdir(), 'berth-compose-'));
  private readonly project = `cf${randomBytes(3).toString('hex')}`;
  readonly image = `${this.project}-built`;

  constructor(
    readonly lab: Lab,
    private readonly client: OtherClient,
  ) {
    writeFileSync(join(this.folder, 'docker-compose.yml'), PROJECT.replace('IMAGE', this.image));
    writeFileSync(
      join(this.folder, 'Dockerfile'),
      'FROM busybox\nRUN echo composed > /word\nCMD ["cat", "/word"]\n',
    );
  }

  private argv(args: readonly string[]): string[] {
    return [...this.client.argv, '-p', this.project, ...args];
  }

  private options(options: ProgramOptions = {}): ProgramOptions {
    return {
      ...options,
      cwd: this.folder,
      env: { DOCKER_HOST: this.lab.endpoint, DOCKER_CONFIG: this.folder },
    };
  }

  run(args: readonly string[], options?: ProgramOptions): Promise<string> {
    return program(this.argv(args), this.options(options));
  }

  try(args: readonly string[], options?: ProgramOptions): Promise<Ended> {
    return tryProgram(this.argv(args), this.options(options));
  }

  start(args: readonly string[]): Running {
    return start(this.argv(args), this.options());
  }

  /** `docker inspect` of a service's container by the engine-side name that compose gives it. */
  async inspect(service: string, format: string): Promise<string> {
    const id = (await this.run(['ps', '-q', service])).split('\n')[0] ?? '';
    return await this.lab.docker(['inspect', '-f', format, id]);
  }

  async cleanUp(): Promise<void> {
    await this.run(['down', '-v', '-t', '1', '--remove-orphans', '--rmi', 'local']);
    await tryProgram(['docker', '-H', this.lab.endpoint, 'rmi', '-f', this.image]);
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface ComposeCase {
  readonly command: string;
  readonly differs?: string;
  run(bench: ComposeBench): Promise<void>;
}

/** What docker-compose 1.29 does all day; each case ends with `docker-compose down`. */
export const COMPOSE_CASES: readonly ComposeCase[] = [
  {
    command: 'docker-compose up -d',
    async run(bench) {
      await bench.run(['up', '-d', 'web']);
      expect(await bench.inspect('web', '{{.State.Running}}')).toBe('true');
      // Its network spans hosts, so its services need not be on one.
      expect(await bench.inspect('web', '{{.Node.Name}}')).not.toBe(
        await bench.inspect('db', '{{.Node.Name}}'),
      );
      const said = () => bench.run(['exec', '-T', 'web', 'sh', '-c', 'echo $WORD; ping -c 1 db']);
      // A name is told a moment after its container runs.
      await expect.poll(said, { timeout: 60_000 }).toMatch(/^said\n[\s\S]*1 packets received/);
    },
  },
  {
    command: 'docker-compose up -d (changed and unchanged)',
    async run(bench) {
      await bench.run(['up', '-d', 'web']);
      const before = await bench.inspect('web', '{{.Id}}');
      const { stderr } = await bench.try(['up', '-d', 'web']);
      expect(stderr).toMatch(/is up-to-date/);
      // It says that of a swarm which places all containers on one host.
      expect(stderr).not.toContain('swarm mode');
      expect(await bench.inspect('web', '{{.Id}}')).toBe(before);
      await bench.run(['up', '-d', '--force-recreate', '-t', '1', 'web']);
      expect(await bench.inspect('web', '{{.Id}} {{.State.Running}}')).toMatch(/ true$/);
      expect(await bench.inspect('web', '{{.Id}}')).not.toBe(before);
    },
  },
  {
    command: 'docker-compose up (in the foreground)',
    async run(bench) {
      const up = bench.start(['up', '-t', '1', 'db']);
      await up.waitFor(/db_1.*\| up/);
      up.kill('SIGINT');
      expect((await up.ended).code).toBe(0);
      expect(await bench.run(['ps', '-q', 'db'])).not.toBe('');
    },
  },
  {
    command: 'docker-compose ps, top, port',
    differs: 'ports show the address of the host instead of 0.0.0.0.',
    async run(bench) {
      await bench.run(['up', '-d', 'web']);
      expect(await bench.run(['ps'])).toMatch(/web_1.*Up.*10\.214\.\d+\.\d+:\d+->80\/tcp/);
      expect(await bench.run(['top', 'web'])).toContain('sh -c echo up');
      expect(await bench.run(['port', 'web', '80'])).toMatch(/^10\.214\.\d+\.1\d:\d+$/);
    },
  },
  {
    command: 'docker-compose logs',
    async run(bench) {
      await bench.run(['up', '-d', 'web']);
      const logs = bench.start(['logs', '-f', 'web']);
      await logs.waitFor(/web_1.*\| up/);
      logs.kill();
    },
  },
  {
    command: 'docker-compose exec, run',
    async run(bench) {
      await bench.run(['up', '-d', 'db']);
      expect((await bench.try(['exec', '-T', 'db', 'sh', '-c', 'exit 5'])).code).toBe(5);
      expect(await bench.run(['run', '--rm', '-T', 'db', 'echo', 'once'])).toBe('once');
    },
  },
  {
    command: 'docker-compose stop, start, restart, kill, pause, unpause',
    async run(bench) {
      await bench.run(['up', '-d', 'db']);
      for (const [args, state] of [
        [['pause', 'db'], 'paused'],
        [['unpause', 'db'], 'running'],
        [['stop', '-t', '1', 'db'], 'exited'],
        [['start', 'db'], 'running'],
        [['restart', '-t', '1', 'db'], 'running'],
        [['kill', 'db'], 'exited'],
      ] as const) {
        await bench.run(args);
        await expect.poll(() => bench.inspect('db', '{{.State.Status}}'), { message: args[0] }).toBe(state);
      }
    },
  },
  {
    command: 'docker-compose up --scale',
    async run(bench) {
      await bench.run(['up', '-d', '-t', '1', '--scale', 'db=3', 'db']);
      expect((await bench.run(['ps', '-q', 'db'])).split('\n')).toHaveLength(3);
      await bench.run(['up', '-d', '-t', '1', '--scale', 'db=1', 'db']);
      expect((await bench.run(['ps', '-q', 'db'])).split('\n')).toHaveLength(1);
    },
  },
  {
    command: 'docker-compose build, images',
    async run(bench) {
      await bench.run(['build', 'built']);
      expect(await bench.run(['run', '--rm', '-T', 'built'])).toBe('composed');
      await bench.run(['up', '--no-start', 'built']);
      expect(await bench.run(['images'])).toContain(bench.image);
    },
  },
  {
    command: 'docker-compose rm, down -v',
    async run(bench) {
      await bench.run(['up', '-d', 'db']);
      await bench.run(['rm', '-s', '-f', 'db']);
      expect(await bench.run(['ps', '-q'])).toBe('');
      await bench.run(['up', '-d', 'web']);
      const { stderr } = await bench.try(['down', '-v', '-t', '1']);
      expect(stderr).toMatch(/Removing network/);
      expect(stderr).toMatch(/Removing volume/);
    },
  },
];
