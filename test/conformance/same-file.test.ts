import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../lab/run.ts';
import { sharedLab } from '../lab/shared.ts';
import { FOREVER } from './bench.ts';
import { composeClient, dockerClis, ensureClients } from './clients.ts';
import { differences, type Meant, outcomeOf, unexplained } from './outcome.ts';
import { program } from './program.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/guide/compose.md'), 'utf8');
const LIVE = JSON.stringify(FOREVER);
const HEALTH = '{test: [CMD, "true"], interval: 1s, timeout: 5s, retries: 4, start_period: 30s}';

/** Much of what docker-compose 1.29 knows and one host has as a cluster has it. */
const PROJECT = `
version: "2.4"
services:
  web:
    image: busybox
    command: ${LIVE}
    depends_on: [db]
    environment: {WORD: said, EMPTY: "", FROM_FILE: "over"}
    env_file: [web.env]
    expose: ["9000"]
    ports: ["18471:80", "81", "53/udp"]
    networks: {front: {aliases: [www]}, back: {}}
    labels: {tier: front}
    mem_limit: 64m
    mem_reservation: 32m
    cpus: 0.25
    pids_limit: 100
    shm_size: 8m
    ulimits: {nofile: 1024, nproc: {soft: 100, hard: 200}}
    sysctls: {net.core.somaxconn: "512"}
    cap_add: [NET_ADMIN]
    cap_drop: [MKNOD]
    healthcheck: ${HEALTH}
    logging: {driver: json-file, options: {max-size: 1m}}
    extra_hosts: ["old:10.99.0.1"]
    dns: [10.99.0.2]
    dns_search: [example.com]
    stop_signal: SIGINT
    stop_grace_period: 3s
    user: "0:0"
    working_dir: /tmp
    group_add: ["10"]
    init: true
    read_only: true
    restart: on-failure:3
    tmpfs: ["/scratch:size=1m"]
    volumes: ["data:/data", "FOLDER/conf:/conf:ro", "/anonymous"]
    devices: ["/dev/null:/dev/nothing"]
    security_opt: [no-new-privileges]
    tty: true
    stdin_open: true
  db:
    image: busybox
    entrypoint: ["sh", "-c"]
    command: ["trap 'exit 0' TERM; while :; do sleep 0.1; done"]
    hostname: database
    networks: [back]
    volumes: ["data:/data:ro"]
  plain:
    image: busybox
    command: ${LIVE}
    restart: always
  bare:
    image: busybox
    command: ${LIVE}
    network_mode: none
    oom_score_adj: 10
networks:
  front: {labels: {side: out}}
  back: {internal: true}
volumes:
  data: {labels: {kind: files}}
`;

/** Of version 3, with what only services of a cluster have. */
const STACK = `
version: "3.8"
services:
  web:
    image: busybox
    command: ${LIVE}
    environment: {WORD: said}
    networks: {front: {aliases: [www]}}
    ports: ["18472:80"]
    labels: {tier: front}
    healthcheck: ${HEALTH}
    logging: {driver: json-file, options: {max-size: 1m}}
    extra_hosts: ["old:10.99.0.1"]
    dns: [10.99.0.2]
    stop_signal: SIGINT
    stop_grace_period: 3s
    user: "0:0"
    working_dir: /tmp
    init: true
    read_only: true
    cap_add: [NET_ADMIN]
    cap_drop: [MKNOD]
    sysctls: {net.core.somaxconn: "512"}
    ulimits: {nofile: 1024}
    tmpfs: [/scratch]
    volumes: ["data:/data"]
    configs: [{source: site, target: /etc/site.conf, mode: 0440}]
    secrets: [token]
    deploy:
      replicas: 2
      labels: {of: service}
      resources:
        limits: {cpus: "0.25", memory: 64M}
        reservations: {memory: 32M}
      restart_policy: {condition: on-failure, max_attempts: 3}
      placement: {constraints: ["node.platform.os == linux"], preferences: [{spread: node.labels.rack}]}
      update_config: {parallelism: 1, delay: 1s, monitor: 1s, failure_action: rollback, order: start-first}
      rollback_config: {parallelism: 2, monitor: 1s}
  db:
    image: busybox
    command: ${LIVE}
    hostname: database
    deploy: {mode: global, update_config: {monitor: 1s}}
networks:
  front: {labels: {side: out}}
volumes:
  data: {labels: {kind: files}}
configs:
  site: {file: ./site.conf}
secrets:
  token: {file: ./token}
`;

/** What differs from docker-compose, and is to; each reason stands in the guide. */
const COMPOSE: readonly Meant[] = [
  {
    at: /^service /,
    why: 'docker-compose makes containers; `berth deploy` makes services, whose containers come back when they are removed.',
  },
  {
    at: / Config\.Labels\.berth\.(failover|restart):/,
    why: 'Containers of a service that names no restart policy are started again, and move when their host fails.',
  },
  {
    at: / Labels\.com\.docker\.compose\.version:| Config\.Labels\.com\.docker\.compose\.(version|project\.\w+):/,
    why: 'Labels that tell the version and the folder of docker-compose are its own.',
  },
  {
    at: /_web_1 (HostConfig\.Mounts|Mounts)\[\d\]\.|Config\.Volumes\./,
    why: 'A volume without a name is a mount; docker-compose writes it, and the targets of all others, to the volumes of the image.',
  },
];

/** What differs from `docker stack deploy`, and is to. */
const SWARM: readonly Meant[] = [
  {
    at: /Image: |Labels\.com\.docker\.stack\.image:/,
    why: 'The docker command writes tags out (`busybox:latest`).',
  },
  {
    at: /Labels\.com\.docker\.(stack\.namespace|compose\.(network|project|volume)):/,
    why: 'It labels what it makes with `com.docker.stack.namespace`; `berth deploy` uses the labels of docker-compose.',
  },
  { at: /(Capability|Cap)(Add|Drop): /, why: 'It writes capabilities with `CAP_` in front.' },
  {
    at: /HostConfig\.(Binds|Mounts|Tmpfs)|Mounts\[\d\]\.(Mode|Source|Target|Type|VolumeOptions)/,
    why: 'It writes volumes in the long form, and leaves the key `tmpfs` out.',
  },
  {
    at: /_web_\d .*Aliases: .*"PROJECT_web"/,
    why: 'It adds its own name of a service (`shop_web`) to the aliases.',
  },
  {
    at: /_db\S* .*Aliases: /,
    why: 'It does not list a `hostname` with the aliases of a service; the name is found all the same.',
  },
];

await ensureClients();
const compose = await composeClient();
const [cli] = await dockerClis();
const lab = await sharedLab();
const folder = mkdtempSync(join(tmpdir(), 'berth-same-'));
const tag = randomBytes(2).toString('hex');
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
file('web.env', 'FROM_FILE=under\nONLY_FILE=1\n');
file('site.conf', 'listen 80;\n');
file('token', 'hunter2');
file('conf', 'x');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { DOCKER_HOST: lab.endpoint, DOCKER_CONFIG: folder };
/** For each step; the machine may do much beside it. */
const timeoutMs = 280_000;
const berthDeploy = (path: string, name: string) =>
  lab.berth(['deploy', '-f', path, '--name', name, '--timeout', '110']);
const berthRemove = async (name: string) => {
  await lab.berth(['stack', 'rm', name, '--yes']);
  await lab.docker(['volume', 'rm', `${name}_data`]);
};

function expectSame(found: readonly string[], meant: readonly Meant[]): void {
  expect(unexplained(found, meant)).toEqual([]);
  for (const { why } of meant) expect(GUIDE).toContain(why);
}

describe('one file comes out the same', { timeout: 900_000 }, () => {
  const [viaCompose, viaDocker] = [compose?.argv, cli?.path];

  it('by docker-compose up and by berth deploy', async () => {
    if (viaCompose === undefined) return; // As in the conformance table: a distribution without it goes without.
    const [theirs, ours] = [`sfa${tag}`, `sfb${tag}`];
    const path = file('docker-compose.yml', PROJECT.replaceAll('FOLDER', folder));
    const run = (...args: string[]) =>
      program([...viaCompose, '-p', theirs, '-f', path, ...args], { env, cwd: folder, timeoutMs });
    try {
      await run('up', '-d');
      await berthDeploy(path, ours);
      const found = differences(await outcomeOf(lab, theirs, {}), await outcomeOf(lab, ours, {}));
      expectSame(found, COMPOSE);
    } finally {
      await Promise.all([run('down', '-v', '-t', '1'), berthRemove(ours)]);
    }
  });

  it('by docker stack deploy and by berth deploy', async () => {
    const [theirs, ours] = [`sfc${tag}`, `sfd${tag}`];
    const path = file('stack.yml', STACK);
    const run = (...args: string[]) =>
      program([viaDocker ?? 'docker', ...args], { env, cwd: folder, timeoutMs });
    try {
      await run('stack', 'deploy', '--resolve-image', 'never', '-c', path, theirs);
      await berthDeploy(file('other.yml', STACK.replace('18472', '18473')), ours);
      const counts = () =>
        run('service', 'ls', '--filter', `name=${theirs}_`, '--format', '{{.Name}} {{.Replicas}}');
      await until(
        'all containers of the stack',
        async () => (await counts()) === `${theirs}_db 3/3\n${theirs}_web 2/2` || undefined,
        { timeoutMs },
      );
      const words = { 18473: '18472' };
      expectSame(differences(await outcomeOf(lab, theirs, {}), await outcomeOf(lab, ours, words)), SWARM);
    } finally {
      await run('stack', 'rm', theirs);
      await Promise.all([run('volume', 'rm', `${theirs}_data`), berthRemove(ours)]);
    }
  });
});
