import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Release } from '../../src/contract/v1/releases.ts';
import type { ServiceMember, ServiceView } from '../../src/contract/v1/services.ts';
import { ensureImage } from '../images/bake.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { tryRun } from '../lab/run.ts';

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

const until = (what: () => Promise<unknown>, timeout = 30_000) =>
  expect.poll(what, { timeout, interval: 200 });
const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await lab.berth([...args, '--json'])) as T;
const members = () => json<ServiceMember[]>('stack', 'ps', 'shop');
const running = async (service: string) =>
  (await members()).filter((one) => one.service === service && one.state === 'running');
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
  lab.berth(['deploy', '-f', fileOf(version), '--timeout', '60', ...flags]);
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
    expect(await running('web')).toHaveLength(5);
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
    expect((await running('web')).map(({ release }) => release)).toEqual([2, 2, 2]);
    await until(fetched).toEqual(['two']);
    expect((await running('db'))[0]?.id).toBe(db);
    const bad = compose('three').replace('exec httpd', 'exit 3; exec httpd');
    const file = join(folder, 'shop', 'bad.yaml');
    writeFileSync(file, bad);
    await expect(lab.berth(['deploy', '-f', file, '--timeout', '60'])).rejects.toThrow(
      /release 3 of shop\/web is paused: container \d (ended with 3|has ended)/,
    );
    expect((await running('web')).filter(({ release }) => release === 2)).toHaveLength(2);
    await lab.berth(['release', 'rollback', 'shop/web', '--timeout', '60']);
    expect(await running('web')).toHaveLength(3);
    await until(fetched).toEqual(['two']);
    const history = await json<Release[]>('release', 'history', 'shop/web');
    expect(history.map(({ number, state }) => `${number} ${state}`)).toEqual([
      '4 done',
      '3 superseded',
      '2 done',
      '1 done',
    ]);
    await lab.berth(['release', 'rollback', 'shop/web', '--to', '1', '--timeout', '60']);
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
    const copies = (
      await Promise.all(lab.hosts.map(({ name }) => lab.docker(['ps', '-a', '--format', '{{.Names}}'], name)))
    ).flatMap((text) => text.split('\n').filter((line) => line.startsWith('shop_web_')));
    expect(copies.sort()).toEqual(['shop_web_1', 'shop_web_2', 'shop_web_3']);
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
  await lab.berth(['deploy', '-f', file, '--name', name, '--timeout', '60']);
  const services = await json<ServiceView[]>('service', 'ls', name);
  return services.map((one) => `${one.name} ${one.mode} ${one.ready}/${one.wanted}`);
}

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
      expect(await lab.docker(['ps', '-aq', ...filter], name)).toBe('');
      await until(() => lab.docker(['network', 'ls', '--filter', 'name=shop', '-q'], name)).toBe('');
    }
  });
});
