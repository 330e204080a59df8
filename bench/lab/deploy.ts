import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../test/lab/lab.ts';
import { ensureRequirements } from '../../test/lab/requirements.ts';
import { run as runCommand } from '../../test/lab/run.ts';
import { type Benchmark, type Figures, numberOption, type Run } from '../benchmark.ts';
import type { DockerSocket } from '../fleet/requests.ts';
import { median, round } from '../stats.ts';
import { dockerAt, startBenchLab } from './start.ts';

/** Of the compose project, and of the stack. */
const NAME = 'bench';
const COMPOSE = 'docker-compose';
const LOOK_MS = 200;

/** As many services of busybox's httpd as there are to be, checked as their file says; both programs read it. */
function composeFile(services: number, replicas: number, interval: number): string {
  const one = (i: number) => `  web${i}:
    image: busybox
    command: ["httpd", "-f", "-p", "80", "-h", "/etc"]
    scale: ${replicas}
    stop_grace_period: 0s
    environment: { NUMBER: "${i}" }
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/hostname"]
      interval: ${interval}s
      timeout: 30s
      retries: 10
`;
  return `version: "2.4"\nservices:\n${Array.from({ length: services }, (_, i) => one(i + 1)).join('')}`;
}

type Inspected = Readonly<{
  Created: string;
  State: Readonly<{ StartedAt: string; Health?: Readonly<{ Status: string; Log: readonly Look[] }> }>;
}>;
type Look = Readonly<{ End: string; ExitCode: number }>;

/** When it came to that for all containers, seconds behind the command. */
type Stages = Readonly<{ created: number; started: number; healthy: number; returned: number }>;

/** One of the two ways to bring the file up. */
type Way = Readonly<{
  engines: readonly DockerSocket[];
  up(file: string): Promise<unknown>;
  down(file: string): Promise<unknown>;
}>;

async function containersOn(engines: readonly DockerSocket[], more: object = {}) {
  const filters = JSON.stringify({ label: [`com.docker.compose.project=${NAME}`], ...more });
  const path = `/v1.41/containers/json?all=1&filters=${encodeURIComponent(filters)}`;
  const lists = await Promise.all(
    engines.map(async (engine) => {
      const list = JSON.parse(await engine.call('GET', path)) as { Id: string }[];
      return list.map(({ Id }) => ({ engine, Id }));
    }),
  );
  return lists.flat();
}

/** Seconds of the slowest container's stages, as the engines have them: their clock is this machine's. */
async function stagesOf(engines: readonly DockerSocket[], began: number): Promise<Omit<Stages, 'returned'>> {
  const latest = { created: 0, started: 0, healthy: 0 };
  const note = (stage: keyof typeof latest, at: string | undefined) => {
    latest[stage] = Math.max(latest[stage], (Date.parse(at ?? '') - began) / 1000);
  };
  for (const { engine, Id } of await containersOn(engines)) {
    const { Created, State } = JSON.parse(
      await engine.call('GET', `/v1.41/containers/${Id}/json`),
    ) as Inspected;
    note('created', Created);
    note('started', State.StartedAt);
    note('healthy', State.Health?.Log.find(({ ExitCode }) => ExitCode === 0)?.End);
  }
  return latest;
}

async function untilHealthy(run: Run, { engines }: Way, count: number): Promise<void> {
  do {
    await sleep(LOOK_MS, undefined, { signal: run.signal });
  } while ((await containersOn(engines, { health: ['healthy'] })).length < count);
}

async function once(run: Run, way: Way, file: string, count: number): Promise<Stages> {
  const began = Date.now();
  let returned = Number.NaN;
  const command = way.up(file).then(() => {
    returned = (Date.now() - began) / 1000;
  });
  await Promise.all([command, untilHealthy(run, way, count)]);
  const stages = await stagesOf(way.engines, began);
  await way.down(file);
  return { ...stages, returned };
}

function byBerth(run: Run, lab: Lab): Way {
  return {
    engines: lab.hosts.map(({ engine }) => dockerAt(run, engine, 8)),
    up: (file) => lab.berth(['deploy', '-f', file, '--name', NAME, '--detach']),
    async down() {
      await lab.berth(['stack', 'rm', '--yes', '--detach', NAME]);
      while (JSON.parse(await lab.berth(['stack', 'ls', '--json'])).length > 0)
        await sleep(5 * LOOK_MS, undefined, { signal: run.signal });
    },
  };
}

function byCompose(run: Run, engine: string): Way {
  const compose = (file: string, ...args: string[]) =>
    runCommand(
      ['env', `DOCKER_HOST=${engine}`, 'COMPOSE_HTTP_TIMEOUT=600', COMPOSE, '-p', NAME, '-f', file, ...args],
      {
        timeoutMs: 600_000,
      },
    );
  return {
    engines: [dockerAt(run, engine, 8)],
    up: (file) => compose(file, '--ansi', 'never', 'up', '-d'),
    down: (file) => compose(file, '--ansi', 'never', 'down', '-t', '0'),
  };
}

export const deploy: Benchmark = {
  name: 'deploy',
  summary:
    'a stack on three lab hosts, from the command until all containers are healthy, and docker-compose on one engine, in turns',
  unit: 's',
  better: 'lower',
  target: 30,
  limitSeconds: 3600,
  options: { services: 20, replicas: 5, rounds: 2, interval: 5 },
  async run(run) {
    const option = (name: string) => numberOption(run, deploy, name);
    const [services, replicas, rounds] = [option('services'), option('replicas'), option('rounds')];
    await ensureRequirements([[COMPOSE, COMPOSE]]);
    const lab = await startBenchLab(run, { hosts: 3 });
    const alone = await startBenchLab(run, { hosts: 1, join: false });
    const [single] = alone.hosts;
    if (single === undefined) throw new Error('a lab without a host');
    const ways = { berth: byBerth(run, lab), compose: byCompose(run, single.engine) };
    const folder = mkdtempSync(join(tmpdir(), 'berth-bench-deploy-'));
    run.defer(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, NAME));
    const file = join(folder, NAME, 'docker-compose.yml');
    writeFileSync(file, composeFile(services, replicas, option('interval')));
    const seen: Record<keyof typeof ways, Stages[]> = { berth: [], compose: [] };
    const names = Object.keys(ways) as (keyof typeof ways)[];
    for (let round = 0; round < rounds; round++) {
      // Who begins changes.
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const stages = await once(run, ways[name], file, services * replicas);
        seen[name].push(stages);
        run.say(
          `${name}: ${Object.entries(stages)
            .map(([stage, at]) => `${stage} ${at.toFixed(1)} s`)
            .join(', ')}`,
        );
      }
    }
    const of = (name: keyof typeof ways, stage: keyof Stages) =>
      round3(median(seen[name].map((stages) => stages[stage])));
    const figures = names.flatMap((name) =>
      (['returned', 'created', 'started', 'healthy'] as const).map(
        (stage) => [`${name}: all ${stage}, s`, of(name, stage)] as const,
      ),
    );
    const ratios = seen.berth.map(({ healthy }, i) => healthy / (seen.compose[i]?.healthy ?? Number.NaN));
    const version = await runCommand([COMPOSE, 'version', '--short']);
    return {
      value: of('berth', 'healthy'),
      also: {
        ...{ containers: services * replicas, 'docker-compose': version.trim() },
        'over docker-compose': round3(median(ratios)),
        ...Object.fromEntries(figures),
      } satisfies Figures,
    };
  },
};

const round3 = (value: number) => round(value, 3);
