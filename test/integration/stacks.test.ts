import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRunView } from '../../src/contract/v1/jobs.ts';
import type { Release } from '../../src/contract/v1/releases.ts';
import type { ServiceMember, ServiceView } from '../../src/contract/v1/services.ts';
import { type DockerRegistry, startDockerRegistry } from '../conformance/registry.ts';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { filesWith, processesWith } from '../lab/leaks.ts';
import { runDetached, tryRun } from '../lab/run.ts';

/** A lab of its own: one of its hosts dies, at the end. The tests follow each other, as one stack's life does. */
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-stacks-'));

beforeAll(async () => {
  lab = await startLab({ hosts: 3, names: ['h1', 'h2', 'swarm-master'] });
  await ensureImage('busybox', lab.endpoint);
});
afterAll(async () => {
  await lab?.down();
  rmSync(folder, { recursive: true, force: true });
});

const until = (what: () => Promise<unknown>, timeout = 60_000) =>
  expect.poll(what, { timeout, interval: 200 });
const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await lab.berth([...args, '--json'])) as T;
const members = () => json<ServiceMember[]>('stack', 'ps', 'shop');
const running = async (service: string) =>
  (await members()).filter((one) => one.service === service && one.state === 'running');
/** Moves away from the host what can move: what has the stack's volume cannot. */
const drain = (host: string) =>
  lab.berth(['node', 'drain', host, '--yes']).catch((error: Error) => {
    if (!/1 container stays: shop_db_1/.test(error.message)) throw error;
  });
const service = async (name: string) =>
  (await json<ServiceView[]>('service', 'ls', 'shop')).find((one) => one.name === name);

/** A web server on the stack's own network that says which version it is, and something with a volume. */
const compose = (version: string) => `
services:
  web:
    image: busybox
    command: [sh, -c, 'mkdir -p /www; echo ${version} > /www/index.html; exec httpd -f -p 8000 -h /www']
    stop_grace_period: 500ms
    depends_on: [db]
    deploy:
      replicas: 3
      update_config: { parallelism: 1, monitor: 300ms, failure_action: pause }
      rollback_config: { parallelism: 0, monitor: 300ms }
  db:
    image: busybox
    command: [sleep, '3600']
    stop_grace_period: 500ms
    volumes: ['data:/data']
    deploy: { update_config: { monitor: 300ms } }
volumes: { data: {} }
`;

function fileOf(version: string): string {
  mkdirSync(join(folder, 'shop'), { recursive: true });
  const file = join(folder, 'shop', 'compose.yaml');
  writeFileSync(file, compose(version));
  return file;
}
const deploy = (version: string, ...flags: string[]) =>
  lab.berth(['deploy', '-f', fileOf(version), '--timeout', '110', ...flags]);
/** What each container of `web` answers, found by the service's name from another host; each answer once. */
async function fetched(): Promise<string[]> {
  const inDb = ['docker', '-H', lab.endpoint, 'exec', 'shop_db_1'];
  // Debian's static busybox dies of its own `wget -T`, and of names.
  const fetch = ['timeout', '5', 'wget', '-q', '-O', '-'];
  const { stdout } = await tryRun([...inDb, 'nslookup', 'web']);
  const addresses = [...stdout.matchAll(/^Address: (10\.[\d.]+)$/gm)].map(([, address = '']) => address);
  const answers = await Promise.all(
    addresses.map(async (ip) => (await tryRun([...inDb, ...fetch, `http://${ip}:8000/`])).stdout.trim()),
  );
  return [...new Set(answers)];
}

describe('a stack', () => {
  it('is deployed from a compose file: spread, on its network, with its volume; a second time nothing changes', async () => {
    expect(await deploy('one', '--dry-run')).toContain('+ service web');
    expect(await lab.berth(['stack', 'ls', '-q'])).toBe('');
    expect(await deploy('one')).toContain('stack shop is deployed');
    const web = await running('web');
    expect(web.map(({ name }) => name)).toEqual(['shop_web_1', 'shop_web_2', 'shop_web_3']);
    expect(new Set(web.map(({ hostName }) => hostName)).size).toBe(3);
    await until(fetched).toEqual(['one']);
    await lab.docker(['exec', 'shop_db_1', 'sh', '-c', 'echo kept > /data/file']);
    const filter = ['--filter', 'label=com.docker.compose.project=shop'];
    expect((await lab.docker(['ps', '-q', ...filter])).trim().split('\n')).toHaveLength(4);
    const before = (await members()).map(({ id }) => id);
    expect(await deploy('one')).toBe('stack shop: nothing changes');
    expect((await members()).map(({ id }) => id)).toEqual(before);
  });

  it('is scaled by hand, and gets back what is removed in the cluster or on a host', async () => {
    await lab.berth(['service', 'scale', 'shop/web', '5']);
    await until(async () => (await running('web')).length).toBe(5);
    await lab.berth(['service', 'scale', 'shop/web', '3']);
    await until(async () => (await running('web')).map(({ index }) => index)).toEqual([1, 2, 3]);
    await lab.docker(['rm', '-f', 'shop_web_1']);
    await until(async () => (await running('web')).map(({ index }) => index)).toEqual([1, 2, 3]);
    const [, second] = await running('web');
    await lab.docker(['rm', '-f', 'shop_web_2'], second?.hostName ?? '');
    await until(async () => {
      const now = (await running('web')).find(({ index }) => index === 2);
      return now?.id === second?.id && now?.startedAt !== second?.startedAt;
    }).toBe(true);
  });

  it('is released one container after the other; a bad release stops and leaves the others; it goes back', async () => {
    const db = (await running('db'))[0]?.id;
    await deploy('two');
    await until(async () => (await running('web')).map(({ release }) => release)).toEqual([2, 2, 2]);
    await until(fetched).toEqual(['two']);
    expect((await running('db'))[0]?.id).toBe(db);
    const bad = compose('three').replace('exec httpd', 'exit 3; exec httpd');
    const file = join(folder, 'shop', 'bad.yaml');
    writeFileSync(file, bad);
    await expect(lab.berth(['deploy', '-f', file, '--timeout', '110'])).rejects.toThrow(
      /release 3 of shop\/web is paused: container \d (ended with 3|has ended)/,
    );
    await until(async () => (await running('web')).filter(({ release }) => release === 2).length).toBe(2);
    await lab.berth(['release', 'rollback', 'shop/web', '--timeout', '110']);
    await until(async () => (await running('web')).length).toBe(3);
    await until(fetched).toEqual(['two']);
    const history = await json<Release[]>('release', 'history', 'shop/web');
    expect(history.map(({ number, state }) => `${number} ${state}`)).toEqual([
      '4 done',
      '3 superseded',
      '2 done',
      '1 done',
    ]);
    await lab.berth(['release', 'rollback', 'shop/web', '--to', '1', '--timeout', '110']);
    await until(fetched).toEqual(['one']);
  });

  it('goes on where the manager is killed in the middle of a release', async () => {
    await deploy('five', '--detach');
    await until(async () => (await service('web'))?.current).not.toBe(0);
    await lab.killManager();
    await lab.restartManager();
    await lab.waitReady();
    await until(async () => (await service('web'))?.release.state, 60_000).toBe('done');
    await until(fetched).toEqual(['five']);
    const names = ['ps', '-a', '--format', '{{.Names}}'];
    const copies = async () =>
      (await Promise.all(lab.hosts.map(({ name }) => lab.docker(names, name))))
        .flatMap((text) => text.split('\n').filter((line) => line.startsWith('shop_web_')))
        .sort();
    await until(copies).toEqual(['shop_web_1', 'shop_web_2', 'shop_web_3']);
  });
});

/** Images under the names that the seeds' files have, which do nothing for an hour. */
async function bake(names: readonly string[]): Promise<void> {
  const recipe = 'FROM busybox\nENTRYPOINT ["sh", "-c", "exec sleep 3600"]\nSTOPSIGNAL SIGKILL\n';
  const tags = names.flatMap((name) => ['-t', name]);
  const build = ['env', 'DOCKER_BUILDKIT=0', 'docker', 'build', '-q', ...tags, '-'];
  await Promise.all(
    lab.hosts.map(async ({ name: host }) => {
      const built = await lab.exec(host, build, { input: recipe });
      expect(built.code, built.stderr).toBe(0);
    }),
  );
}

const printed = (seed: string) =>
  readFileSync(new URL(`../../src/compose/fixtures/${seed}.yml`, import.meta.url), 'utf8');
async function deployAs(name: string, text: string): Promise<string[]> {
  const file = join(folder, `${name}.yml`);
  writeFileSync(file, text);
  await lab.berth(['deploy', '-f', file, '--name', name, '--timeout', '110']);
  const services = await json<ServiceView[]>('service', 'ls', name);
  return services.map((one) => `${one.name} ${one.mode} ${one.ready}/${one.wanted}`);
}

describe('a stack that is deployed right behind its removal', () => {
  it('waits for its hosts to let go of its network, and is refused nothing', async () => {
    const file = join(folder, 'again.yml');
    const command = JSON.stringify(['sleep', '3600']);
    writeFileSync(
      file,
      `services: {web: {image: busybox, command: ${command}, stop_grace_period: 100ms, deploy: {replicas: 3}}}`,
    );
    const said = new Set<string>();
    const state = async () => {
      const [view] = await json<ServiceView[]>('service', 'ls', 'again');
      said.add(view?.waiting ?? '');
      return view?.release.state;
    };
    for (const _ of [1, 2, 3]) {
      await lab.berth(['deploy', '-f', file, '--name', 'again', '--detach']);
      await until(state, 60_000).toBe('done');
      await lab.berth(['stack', 'rm', 'again', '--yes']);
    }
    expect([...said].filter((one) => one.includes('already exists'))).toEqual([]);
  });
});

describe('files of the seeds', () => {
  it('run as they are printed: Aliyun’s template, on each host and as many as automatic scaling starts with', async () => {
    await bake(['your_image_url']);
    expect(await deployAs('aliyun', printed('seed-002'))).toEqual([
      'celery replicated 2/2',
      'websocket global 3/3',
    ]);
    await lab.berth(['stack', 'rm', 'aliyun', '--yes']);
  });

  it('run on the hosts that they name: the one of seed 004 on swarm-master', async () => {
    const images = printed('seed-004').matchAll(/image: (\S+)/g);
    await bake([...images].map(([, image = '']) => image));
    // Its binds would make folders on the machine under the lab.
    const text = printed('seed-004').replaceAll(/- \/\S+docker\S*:\//g, `- ${folder}:/`);
    const file = join(folder, 'elsewhere.yml');
    writeFileSync(file, text.replaceAll('*swarm-master*', '*swarm-mister*'));
    await lab.berth(['deploy', '-f', file, '--name', 'mesos', '--detach']);
    await until(
      async () =>
        (await json<ServiceView[]>('service', 'ls', 'mesos')).find(({ name }) => name === 'marathon')
          ?.waiting,
    ).toMatch(/no host fits marathon: 3 hosts: node==\*swarm-mister\* not met/);
    expect(await deployAs('mesos', text)).toEqual([
      'marathon replicated 1/1',
      'mesosmaster replicated 1/1',
      'mesosslave replicated 1/1',
    ]);
    const places = (await json<ServiceMember[]>('stack', 'ps', 'mesos')).map(
      (one) => `${one.service} ${one.hostName === 'swarm-master' ? 'there' : 'elsewhere'}`,
    );
    expect(places.sort()).toEqual([
      'marathon there',
      'mesosmaster there',
      expect.stringMatching(/^mesosslave /),
    ]);
    await lab.berth(['stack', 'rm', 'mesos', '--yes']);
    expect((await lab.berth(['stack', 'ls', '-q'])).trim()).toBe('shop');
  });
});

describe('containers that have something of their own', () => {
  const file = join(folder, 'own.yml');
  const text = (version: string) => `
services:
  db:
    image: busybox
    command: [sleep, '3600']
    environment: { VERSION: '${version}' }
    stop_grace_period: 300ms
    depends_on: { setup: { condition: service_completed_successfully } }
    networks: [back]
    labels:
      berth.stable_names: 'true'
      berth.ip.back: 10.77.0.11,10.77.0.12
    deploy: { replicas: 2, update_config: { monitor: 300ms } }
  setup:
    image: busybox
    command: [sh, -c, 'sleep 2; echo set up']
    networks: [back]
  report:
    image: busybox
    command: [echo, reported]
    labels: { berth.cron: '* * * * *' }
networks:
  back: { ipam: { config: [{ subnet: 10.77.0.0/24 }] } }
`;
  const deployed = async (version: string) => {
    writeFileSync(file, text(version));
    return await lab.berth(['deploy', '-f', file, '--name', 'own', '--timeout', '90']);
  };
  const inside = (index: number, ...argv: string[]) => lab.docker(['exec', `own_db_${index}`, ...argv]);
  /** Names and addresses, as each container has them itself and as the other one finds them. */
  const seen = () =>
    Promise.all(
      [1, 2].map(async (index) => {
        const [name, addresses, found] = await Promise.all([
          inside(index, 'hostname'),
          inside(index, 'ip', '-4', '-o', 'addr'),
          tryRun(['docker', '-H', lab.endpoint, 'exec', `own_db_${3 - index}`, 'nslookup', `db-${index}`]),
        ]);
        const own = /inet (10\.77\.0\.\d+)\//.exec(addresses)?.[1];
        return `${name} ${own} ${/^Address: (10\.77\.\S+)$/m.exec(found.stdout)?.[1]}`;
      }),
    );
  const SEEN = ['db-1 10.77.0.11 10.77.0.11', 'db-2 10.77.0.12 10.77.0.12'];
  const at = async (name: string, field: string) =>
    Date.parse(await lab.docker(['inspect', '-f', `{{.State.${field}}}`, name]));

  it('begin once what sets them up has ended, with the name and the address of their index', async () => {
    await deployed('one');
    expect(await at('own_db_1', 'StartedAt')).toBeGreaterThan(await at('own_setup_1', 'FinishedAt'));
    expect(await lab.berth(['service', 'logs', 'own/setup'])).toContain('set up');
    await until(seen).toEqual(SEEN);
  });

  it('keep both in a release, when they are made again, and on another host', async () => {
    expect(await deployed('two')).toContain('stack own is deployed');
    expect(await inside(2, 'sh', '-c', 'echo "$VERSION"')).toBe('two');
    await until(seen).toEqual(SEEN);
    await lab.docker(['rm', '-f', 'own_db_1']);
    await until(() => seen().catch(() => []), 60_000).toEqual(SEEN);
    const host = async () =>
      (await json<ServiceMember[]>('service', 'ps', 'own/db')).find(({ index }) => index === 2)?.hostName;
    const before = (await host()) ?? '';
    await drain(before);
    expect(await host()).not.toBe(before);
    await until(() => seen().catch(() => []), 60_000).toEqual(SEEN);
    await lab.berth(['node', 'uncordon', before]);
  });

  it('run at their times, or when they are told to, with a history', async () => {
    const told = () => lab.berth(['job', 'run', 'own/report', '--timeout', '60']).catch(String);
    // The run of this minute may be under way.
    await until(told, 120_000).toMatch(/^run \d+ of own\/report succeeded$/);
    const runs = () => json<JobRunView[]>('job', 'history', 'own/report');
    const byTime = async () =>
      (await runs()).find(({ dueAt, state }) => dueAt % 60_000 === 0 && state === 'succeeded');
    await until(byTime, 150_000).toMatchObject({ exitCode: 0, hostName: expect.stringMatching(/./) });
    expect(await lab.berth(['service', 'logs', 'own/report'])).toContain('reported');
    await lab.berth(['stack', 'rm', 'own', '--yes']);
  });
});

describe('a service that is not to be started again', () => {
  const deployed = (name: string, line: string, code: number, restart = 'no') => {
    const file = join(folder, `${name}.yml`);
    const command = JSON.stringify(['sh', '-c', `echo ${line}; exit ${code}`]);
    writeFileSync(file, `services: {migrate: {image: busybox, command: ${command}, restart: "${restart}"}}`);
    return lab.berth(['deploy', '-f', file, '--name', name, '--timeout', '120']);
  };
  const log = () => lab.docker(['logs', 'once_migrate_1']);

  it('has ended, and its release with it, until the next one', async () => {
    expect(await deployed('once', 'first', 0)).toContain('stack once is deployed');
    await expect(deployed('bad', 'never', 3)).rejects.toThrow(
      /release 1 of bad\/migrate is failed: container 1 ended with 3/,
    );
    expect(await log()).toBe('first');
    expect(await deployed('once', 'second', 0)).toContain('stack once is deployed');
    expect(await log()).toBe('second');
    const [view] = await json<ServiceView[]>('service', 'ls', 'once');
    expect(view).toMatchObject({ ready: 1, wanted: 1, running: 0, release: { number: 2, state: 'done' } });
    expect(await deployed('bad', 'at last', 0)).toContain('stack bad is deployed');
    await expect(deployed('twice', 'never', 4, 'on-failure:1')).rejects.toThrow(
      /release 1 of twice\/migrate is failed: container 1 ended with 4/,
    );
    for (const name of ['once', 'bad', 'twice']) await lab.berth(['stack', 'rm', name, '--yes']);
  });

  it('has ended where docker service create says so, and the route that a label of it names', async () => {
    const label = 'berth.routing.port_80=once.example.com';
    const policy = ['--restart-condition', 'none', '--label', label];
    await lab.docker(['service', 'create', '-d', '--name', 'once-docker', ...policy, 'busybox', 'true']);
    await until(() => lab.docker(['service', 'ps', '--format', '{{.CurrentState}}', 'once-docker'])).toMatch(
      /^Complete/,
    );
    const asked = '{{.Spec.TaskTemplate.RestartPolicy.Condition}}';
    expect(await lab.docker(['service', 'inspect', '-f', asked, 'once-docker'])).toBe('none');
    const views = () => json<ServiceView[]>('service', 'ls');
    await until(async () => (await views()).find(({ name }) => name === 'once-docker')?.release.state).toBe(
      'done',
    );
    expect(await lab.berth(['route', 'ls'])).toContain('once.example.com');
    await lab.docker(['service', 'rm', 'once-docker']);
  });
});

describe('a volume of a plugin', () => {
  const shared = join(folder, 'shared');
  const file = join(folder, 'plugin.yml');
  const text = `
services:
  files:
    image: busybox
    command: [sleep, '3600']
    stop_grace_period: 300ms
    volumes: ['data:/data']
volumes: { data: { driver: shared } }
`;
  const plugin = new URL('../lab/volume-plugin.mjs', import.meta.url).pathname;

  it('moves with its container, is there once it is elsewhere, and is deleted by its name alone', async () => {
    mkdirSync(shared);
    const pids = lab.hosts.map(({ name }) =>
      runDetached(lab.execArgv(name, [process.execPath, plugin, '/run/docker/plugins/shared.sock', shared]), {
        log: join(folder, 'plugin.log'),
      }),
    );
    try {
      const sockets = () =>
        Promise.all(
          lab.hosts.map(
            async ({ name }) =>
              (await lab.exec(name, ['test', '-S', '/run/docker/plugins/shared.sock'])).code,
          ),
        );
      await until(sockets).toEqual([0, 0, 0]);
      writeFileSync(file, text);
      await lab.berth(['deploy', '-f', file, '--name', 'plugged', '--timeout', '110']);
      await lab.docker(['exec', 'plugged_files_1', 'sh', '-c', 'echo kept > /data/file']);
      expect(readFileSync(join(shared, 'plugged_data', 'file'), 'utf8')).toBe('kept\n');
      const host = async () => (await json<ServiceMember[]>('stack', 'ps', 'plugged'))[0]?.hostName;
      const before = (await host()) ?? '';
      await drain(before);
      expect(await host()).not.toBe(before);
      await until(() => lab.docker(['exec', 'plugged_files_1', 'cat', '/data/file'])).toBe('kept');
      await lab.berth(['node', 'uncordon', before]);
      await lab.berth(['stack', 'rm', 'plugged', '--yes']);
      expect(existsSync(join(shared, 'plugged_data', 'file'))).toBe(true);
      await lab.berth(['volume', 'rm', 'plugged_data', '--yes']);
      expect(readdirSync(shared)).toEqual([]);
    } finally {
      for (const pid of pids) process.kill(-pid, 'SIGKILL');
    }
  });
});

const hostIdOf = async (host: string) =>
  (await json<{ id: string; name: string }[]>('node', 'ls')).find(({ name }) => name === host)?.id ?? '';
/** Where a host puts files of containers: on the first tmpfs of the machine, which all of the lab's hosts share. */
async function placedOn(host: string): Promise<string> {
  const id = await hostIdOf(host);
  const places = ['/run', '/dev/shm'].map((base) => join(base, 'berth-files', id));
  return places.find((place) => existsSync(place)) ?? '';
}

describe('a config and a secret', () => {
  const SECRET = `hunter-${randomBytes(12).toString('hex')}`;
  const file = join(folder, 'kept', 'compose.yaml');
  const text = `
services:
  keeper:
    image: busybox
    command: [sleep, '3600']
    stop_grace_period: 500ms
    # An engine asks the agent before it starts a container on a network that spans hosts.
    network_mode: bridge
    secrets: [{ source: token, uid: '7', gid: '8', mode: 0400 }]
    configs: [{ source: tuning, target: /etc/tuning.cnf, mode: 0440 }]
secrets: { token: { file: ./token.txt } }
configs: { tuning: { content: 'max = 500' } }
`;
  const look = [
    ...['exec', 'kept_keeper_1', 'sh', '-c'],
    'cat /run/secrets/token /etc/tuning.cnf; stat -c " %n %a %u:%g" /run/secrets/token /etc/tuning.cnf',
  ];
  const SEEN = `${SECRET}max = 500 /run/secrets/token 400 7:8\n /etc/tuning.cnf 440 0:0`;
  const seen = async (host?: string) => {
    const on = host === undefined ? lab.endpoint : lab.host(host).engine;
    const { stdout, stderr } = await tryRun(['docker', '-H', on, ...look]);
    return stdout.trim() || stderr;
  };
  const home = async () => (await json<ServiceMember[]>('stack', 'ps', 'kept'))[0]?.hostName ?? '';
  const startedAt = (host: string) =>
    lab.docker(['inspect', '-f', '{{.State.StartedAt}}', 'kept_keeper_1'], host);

  it('are files of the container with mode and owner, through the end of its agent and of its engine', async () => {
    mkdirSync(join(file, '..'));
    writeFileSync(join(file, '..', 'token.txt'), SECRET);
    writeFileSync(file, text);
    await lab.berth(['deploy', '-f', file, '--timeout', '110']);
    expect(await seen()).toBe(SEEN);
    const host = await home();
    // Its container stays where it is, however long the agent and the engine take to come back on a busy machine.
    await lab.berth(['settings', 'set', 'downAfterMs=60s']);
    await lab.killAgent(host);
    await lab.docker(['restart', '-t', '0', 'kept_keeper_1'], host);
    expect(await seen(host)).toBe(SEEN);
    await lab.join(host);
    await lab.waitReady([host]);
    const before = await startedAt(host);
    await lab.killEngine(host);
    await lab.startMachine(host);
    await until(() => startedAt(host), 60_000).not.toBe(before);
    await until(() => seen(host), 60_000).toBe(SEEN);
    await lab.berth(['settings', 'set', 'downAfterMs=5s']);
  });

  it('are there after the host was started anew, with no manager there', async () => {
    const host = await home();
    const placed = await placedOn(host);
    await lab.killManager();
    await lab.kill(host);
    expect(existsSync(placed)).toBe(true);
    rmSync(placed, { recursive: true }); // as what is in memory goes with a machine
    await lab.boot(host);
    await until(() => seen(host), 120_000).toBe(SEEN);
    await lab.restartManager();
    await lab.waitReady();
    await until(() => seen(), 60_000).toBe(SEEN);
  });

  it('move with the container, leave nothing behind, and can be read nowhere', async () => {
    const host = await home();
    const placed = await placedOn(host);
    await drain(host);
    await lab.berth(['node', 'uncordon', host]);
    expect(await home()).not.toBe(host);
    await until(() => seen()).toBe(SEEN);
    await until(async () => (existsSync(placed) ? readdirSync(placed) : [])).toEqual([]);
    expect(await filesWith(SECRET, lab.plan.folder)).toEqual([]);
    expect(processesWith(SECRET)).toEqual([]);
    // What looks for it finds it.
    expect(await filesWith(SECRET, folder)).toEqual([join(file, '..', 'token.txt')]);
    expect(await filesWith(SECRET, await placedOn(await home()))).toHaveLength(1);
    await lab.berth(['stack', 'rm', 'kept', '--yes']);
    await until(() => lab.berth(['secret', 'ls', '-q'])).toBe('');
  });
});

describe('images of a registry that wants a log-in', () => {
  const PASSWORD = 'right-of-ann';
  /** `htpasswd -nbB ann …` of the password, and of another one. */
  const RIGHT = 'ann:$2b$05$d2RNc8dlJCFZyTvrzRUPg.TECgcAtnL6KEL7PXa9KcJF324KtkfIq';
  const OTHER = 'ann:$2b$05$E6L3FViJXee.4Ia6NFaSneGMG0MmWVhrI/5VwPBnd0DRJ/5Vw33ky';
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry(lab, [RIGHT]);
  });
  afterAll(() => registry?.close());

  const image = (version: string) => `${registry.address}/shop:${version}`;
  const login = (password: string) =>
    lab.berth(['registry', 'login', registry.address, '-u', 'ann', '--password-stdin'], { input: password });

  /** Pushes an image from a host that has a client's log-in, and leaves no host with it. */
  async function push(version: string): Promise<void> {
    const docker = ['docker', '--config', join(folder, 'docker')];
    const recipe = `FROM busybox\nLABEL version=${version}\nCMD ["sleep", "3600"]\nSTOPSIGNAL SIGKILL\n`;
    const steps: [string[], string?][] = [
      [['login', '-u', 'ann', '--password-stdin', registry.address], PASSWORD],
      [['build', '-q', '-t', image(version), '-'], recipe],
      [['push', '-q', image(version)]],
      [['logout', registry.address]],
      [['rmi', image(version)]],
    ];
    for (const [argv, input = ''] of steps) {
      const done = await lab.exec('h1', ['env', 'DOCKER_BUILDKIT=0', ...docker, ...argv], { input });
      expect(done.code, done.stderr).toBe(0);
    }
  }

  function write(version: string): string {
    const file = join(folder, 'private.yml');
    const deploy = 'replicas: 3, update_config: { monitor: 300ms }';
    writeFileSync(file, `services: { web: { image: "${image(version)}", deploy: { ${deploy} } } }\n`);
    return file;
  }
  const release = async () => (await json<ServiceView[]>('service', 'ls', 'private'))[0];

  it('are pulled on hosts that have never logged in; the old version serves on while the log-in is wrong', async () => {
    await push('one');
    await push('two');
    const leaks = new Set<string>();
    const looking = setInterval(() => {
      for (const found of processesWith(PASSWORD)) leaks.add(found);
    }, 300);
    const deployed = (version: string) =>
      lab.berth(['deploy', '-f', write(version), '--name', 'private', '--timeout', '110']);
    await expect(login('wrong-of-ann')).rejects.toThrow(/does not take the log-in/);
    await lab.berth(['deploy', '-f', write('one'), '--name', 'private', '--detach']);
    await until(async () => (await release())?.waiting).toMatch(/cannot be pulled on \S+: .*(auth|denied)/);
    expect(await login(PASSWORD)).toContain('are pulled as ann');
    await deployed('one');
    const pulled = (await json<ServiceMember[]>('stack', 'ps', 'private')).map(({ hostName }) => hostName);
    expect(new Set(pulled).size).toBe(3);
    registry.setUsers([OTHER]);
    await lab.berth(['deploy', '-f', write('two'), '--name', 'private', '--detach']);
    await until(async () => (await release())?.waiting).toMatch(
      /two cannot be pulled on \S+: .*unauthorized/,
    );
    expect(await release()).toMatchObject({ ready: 3, current: 0, release: { number: 2 } });
    registry.setUsers([RIGHT]);
    await login(PASSWORD);
    await until(async () => (await release())?.current).toBe(3);
    clearInterval(looking);
    expect([...leaks]).toEqual([]);
    expect(await filesWith(PASSWORD, lab.plan.folder)).toEqual([]);
    await lab.berth(['stack', 'rm', 'private', '--yes']);
    await lab.berth(['registry', 'logout', registry.address]);
  });
});

describe('a host that dies', () => {
  it('loses its containers of a stack to the others; the stack goes all the same, but for its volume', async () => {
    expect(await deploy('five')).toBe('stack shop: nothing changes');
    const [db] = await running('db');
    const lost = (await running('web')).find(({ hostName }) => hostName !== db?.hostName);
    await lab.kill(lost?.hostName ?? '');
    await until(async () =>
      (await running('web')).filter(({ hostName }) => hostName !== lost?.hostName).map(({ index }) => index),
    ).toEqual([1, 2, 3]);
    expect((await running('web')).find(({ index }) => index === lost?.index)?.id).toBe(lost?.id);
    expect(await lab.berth(['stack', 'rm', 'shop', '--yes'])).toBe('shop');
    const filter = ['--filter', 'label=com.docker.compose.project=shop'];
    expect(await lab.docker(['ps', '-a', ...filter, '--format', '{{.Names}}'])).toBe('');
    expect(await lab.docker(['volume', 'ls', '-q'])).toContain('shop_data');
    for (const { name } of lab.hosts.filter((host) => host.name !== lost?.hostName)) {
      await until(() => lab.docker(['ps', '-aq', ...filter], name)).toBe('');
      await until(() => lab.docker(['network', 'ls', '--filter', 'name=shop', '-q'], name)).toBe('');
    }
  });
});
