import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ServiceView } from '../../contract/v1/services.ts';
import type { Handlers } from '../testing/fake-manager.ts';
import { tempDir, withManager } from '../testing/run.ts';

/** A docker that notes how it was called and what came in, and builds where there is no file `fail`. */
function fakeDocker() {
  const folder = tempDir();
  const log = join(folder, 'log');
  writeFileSync(
    join(folder, 'docker'),
    `#!/bin/sh
PATH=/usr/bin:/bin
shift 2
printf '%s|' "$@" >> ${log}; echo "host=$DOCKER_HOST$DOCKER_TLS$BUILDX_BUILDER" >> ${log}
case "$1" in
save) echo layers ;;
load)
  cat >> ${log}
  [ ! -e ${folder}/full ] || { echo "no space left" >&2; exit 1; } ;;
build)
  echo "Step 1/1 : FROM busybox"
  for one in "$@"; do
    case "$one" in */berth-build-*/Dockerfile) cat "$one" >> ${log} ;; esac
    case "$one" in shop/web:1) [ ! -e ${folder}/id ] || id=1 ;; */berth-build-*/id) [ -z "$id" ] || cp ${folder}/id "$one" ;; esac
  done
  [ ! -e ${folder}/fail ] || { echo "no such thing" >&2; exit 3; } ;;
esac
`,
    { mode: 0o755 },
  );
  return {
    fail: () => writeFileSync(join(folder, 'fail'), ''),
    /** Hosts take in nothing. */
    fill: () => writeFileSync(join(folder, 'full'), ''),
    /** The ID of the next `shop/web:1`. */
    makes: (id: string) => writeFileSync(join(folder, 'id'), id),
    remove: () => rmSync(join(folder, 'docker')),
    env: {
      PATH: folder,
      ...{ DOCKER_HOST: 'tcp://other', DOCKER_TLS: '1', BUILDX_BUILDER: 'another' },
    },
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
  };
}

const FILE = `services:
  web: { image: "shop/web:1", build: { context: web, dockerfile: D, target: run, args: { A: "1" }, tags: ["shop/web:x"] } }
  job: { image: "shop/web:1" }
  own: { build: { context: ., dockerfile_inline: "FROM busybox\\n" } }
  db: { image: "db:1" }
`;

const HOSTS = ['h1', 'h2'];
const image = (tag: string, id: string, hostNames = HOSTS, createdAt = 1) => ({
  ...{ id, tags: [tag], digests: [], size: 1, createdAt, hostNames, users: [] as string[] },
});
const done = (name: string): ServiceView => ({
  ...{ stack: 'shop', name, image: 'x', mode: 'replicated', scale: null, wanted: 1, running: 1, ready: 1 },
  ...{ current: 1, waiting: '', release: { number: 1, state: 'done', reason: '' }, removing: false },
});
const NOTHING = { diff: { created: [], changed: [], removed: [] }, warnings: [], releases: [] };

/** A cluster whose images are other ones after each look, and are for these hosts. */
async function cluster(
  looks: readonly (readonly ReturnType<typeof image>[])[],
  fills: string[] = HOSTS,
  more: Handlers = {},
) {
  const left = [...looks];
  const stack = { name: 'shop', generation: 1, at: 1, by: 'root', removing: false };
  const spec = {
    kind: 'stack' as const,
    name: 'shop',
    services: [],
    externals: [],
    networks: [],
    volumes: [],
  };
  const started = await withManager({
    'image.list': () => ({ images: [...((left.length > 1 ? left.shift() : left[0]) ?? [])], fills }),
    'stack.deploy': () => NOTHING,
    'stack.get': () => ({
      ...stack,
      services: [done('web'), done('job')],
      spec: { ...spec, configs: [], secrets: [] },
    }),
    'service.restart': () => done('web'),
    'route.list': () => ({ routes: [], ingress: [], missing: [] }),
    ...more,
  });
  const cwd = join(tempDir(), 'shop');
  mkdirSync(join(cwd, 'web'), { recursive: true });
  writeFileSync(join(cwd, 'compose.yaml'), FILE);
  const docker = fakeDocker();
  const berth = (...args: string[]) =>
    started.berth(args, {
      cwd,
      env: docker.env,
      local: { dockerEndpoint: () => 'unix:///run/berth/docker.sock' },
    });
  const names = () => started.manager.calls.map(({ name }) => name);
  return { berth, docker, cwd, names };
}

/** How images that were made are listed when they are only on the host that has made them. */
const made = (...ids: string[]) =>
  ids.map((id, i) => image(i === 0 ? 'shop/web:1' : 'shop_own:latest', id, ['h1'], 2));

it('makes the images that the cluster has not, each once, and brings them to all hosts', async () => {
  const { berth, docker, cwd, names } = await cluster([[image('db:1', 'a')], made('b', 'c')]);
  const { code, stderr } = await berth('deploy');
  expect(code).toBe(0);
  expect(stderr).toContain(`shop/web:1 is built from ${cwd}/web\n  Step 1/1 : FROM busybox\n`);
  const calls = docker.calls().map((call) => call.replace(/[^|]*(?=\/berth-build-)/, ''));
  expect(calls.slice(0, 3)).toEqual([
    expect.stringMatching(
      /^build\|--tag\|shop_own:latest\|--iidfile\|\/berth-build-\w+\/id\|--file\|.*\/berth-build-\w+\/Dockerfile\|--\|.*\|host=$/,
    ),
    'FROM busybox',
    expect.stringMatching(/^build\|--tag\|shop\/web:1\|--tag\|shop\/web:x\|--iidfile\|/),
  ]);
  expect(calls[2]).toContain(`/id|--file|${cwd}/web/D|--build-arg|A=1|--target|run|--|${cwd}/web|host=`);
  // Both run at a time.
  expect(calls.slice(3).sort()).toEqual([
    ...['layers', 'load|--quiet|host=', 'save|shop_own:latest|shop/web:1|host='],
  ]);
  // What the manager refuses is refused before anything is built.
  expect(names().indexOf('stack.deploy')).toBeLessThan(names().lastIndexOf('image.list'));
  expect(names()).not.toContain('service.restart');
});

it('brings images that were made on different hosts one by one', async () => {
  const { berth, docker } = await cluster([
    [],
    [image('shop/web:1', 'b', ['h1']), image('shop_own:latest', 'c', ['h2'])],
  ]);
  expect((await berth('deploy')).code).toBe(0);
  expect(
    docker
      .calls()
      .filter((call) => call.startsWith('save'))
      .sort(),
  ).toEqual(['save|shop/web:1|host=', 'save|shop_own:latest|host=']);
});

it('brings an image that there is to hosts that have none of its name', async () => {
  const there = [image('shop/web:1', 'a', ['h1']), image('shop_own:latest', 'b'), image('db:1', 'c', ['h1'])];
  const { berth, docker, names } = await cluster([there]);
  expect((await berth('deploy', '--dry-run')).stdout).toContain('  image shop/web:1 is brought to h2\n');
  expect(docker.calls()).toEqual([]);
  const { code, stderr } = await berth('deploy');
  expect([code, stderr]).toEqual([0, expect.stringContaining('shop/web:1: brought to all hosts\n')]);
  expect(docker.calls().sort()).toEqual(['layers', 'load|--quiet|host=', 'save|shop/web:1|host=']);
  expect(names()).not.toContain('service.restart');
  // Each look is taken once.
  expect(names().filter((name) => name === 'image.list')).toHaveLength(2);
});

it('only warns where one that there is does not come to a host', async () => {
  const { berth, docker, names } = await cluster([
    [image('shop/web:1', 'a', ['h1']), image('shop_own:latest', 'b')],
  ]);
  docker.fill();
  expect(await berth('deploy')).toMatchObject({
    ...{ code: 0, stderr: expect.stringContaining('shop/web:1: still missing on h2: no space left') },
  });
  docker.remove();
  expect(await berth('deploy')).toMatchObject({
    ...{ code: 0, stderr: expect.stringContaining('missing on h2: the program "docker" is not installed') },
  });
  expect(names().filter((name) => name === 'stack.deploy')).toHaveLength(4);
});

it('brings nothing where hosts have different ones, or are not for images', async () => {
  const own = image('shop_own:latest', 'b');
  const different = await cluster([
    [image('shop/web:1', 'a', ['h1'], 1), image('shop/web:1', 'b', ['h3'], 2), own],
  ]);
  expect((await different.berth('deploy')).code).toBe(0);
  const elsewhere = await cluster([[image('shop/web:1', 'a', ['h1']), own]], ['h1']);
  expect((await elsewhere.berth('deploy')).code).toBe(0);
  expect([...different.docker.calls(), ...elsewhere.docker.calls()]).toEqual([]);
});

it('takes what was made for the image, though others of its name are newer', async () => {
  const [newer, own] = [image('shop/web:1', 'b', HOSTS, 9), image('shop_own:latest', 'c')];
  const older = image('shop/web:1', 'sha256:a', ['h2'], 1);
  const { berth, docker } = await cluster([
    [newer, own],
    // The manager has not heard of it yet.
    [newer, own],
    [{ ...newer, hostNames: ['h1'] }, own, older],
  ]);
  docker.makes('sha256:a');
  const { stdout } = await berth('deploy', '--build', '--detach');
  expect(docker.calls().filter((call) => !call.startsWith('build'))).toEqual(
    expect.arrayContaining([
      ...[
        'save|shop_own:latest|sha256:a|host=',
        'tag|sha256:a|shop/web:1|host=',
        'tag|sha256:a|shop/web:x|host=',
      ],
    ]),
  );
  expect(stdout).toContain('  ~ service web: its image was built anew\n');
});

it('makes none that is there, but with --build, and releases anew what another one came of', async () => {
  const [web, own] = [image('shop/web:1', 'a'), image('shop_own:latest', 'b')];
  const { berth, docker, names } = await cluster([
    [web, own],
    [web, own],
    [image('shop/web:1', 'c'), own],
  ]);
  expect((await berth('deploy')).code).toBe(0);
  expect(docker.calls()).toEqual([]);
  const { stdout } = await berth('deploy', '--build', '--detach');
  expect(stdout).toContain(
    '  ~ service job: its image was built anew\n  ~ service web: its image was built anew\n',
  );
  expect(stdout).not.toMatch(/service own|nothing changes/);
  expect(names().filter((name) => name === 'service.restart')).toHaveLength(2);
});

it('releases anew what an earlier run has made and did not come to release', async () => {
  const there = [image('shop/web:1', 'c'), image('shop_own:latest', 'b')];
  const former = (...users: string[]) => ({ ...image('', 'a'), tags: [], users });
  const { berth, names } = await cluster([[...there, former('shop_web_1', 'shop_own_1x', 'h1/shop_own_1')]]);
  const { stdout } = await berth('deploy', '--build', '--detach');
  expect(stdout).toContain('  ~ service web: its image was built anew\n');
  expect(names().filter((name) => name === 'service.restart')).toHaveLength(1);
});

it('refuses two ways to make one image', async () => {
  const { berth, cwd, docker } = await cluster([[]]);
  writeFileSync(
    join(cwd, 'compose.yaml'),
    'services: { a: { image: x, build: a }, b: { image: "x:latest", build: b } }',
  );
  expect(await berth('deploy')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('service b: builds x:latest in another way than another service'),
  });
  expect(docker.calls()).toEqual([]);
});

it('only says so with --dry-run, and makes none with --no-build', async () => {
  const { berth, docker, cwd } = await cluster([[]]);
  expect((await berth('deploy', '--dry-run')).stdout).toContain(
    `  image shop/web:1 is built from ${cwd}/web\n`,
  );
  expect((await berth('deploy', '--no-build')).code).toBe(0);
  expect(docker.calls()).toEqual([]);
});

it('deploys nothing where an image was not built, or there is no docker', async () => {
  const { berth, docker, names } = await cluster([[]]);
  docker.fail();
  const failed = await berth('deploy');
  expect(failed.code).not.toBe(0);
  expect(failed.stderr).toContain('image shop_own:latest was not built: no such thing');
  docker.remove();
  expect(await berth('deploy')).toMatchObject({
    stderr: expect.stringMatching(/the program "docker" is not installed[\s\S]*use --no-build/),
  });
  // Each time the first one only, which asks.
  expect(names().filter((name) => name === 'stack.deploy')).toHaveLength(2);
});

it('refuses an image for several platforms before anything is built', async () => {
  const { berth, cwd, docker, names } = await cluster([[]]);
  writeFileSync(
    join(cwd, 'compose.yaml'),
    'services: { a: { build: a }, b: { build: { context: b, platforms: [linux/amd64, linux/arm64] } } }',
  );
  expect(await berth('deploy', '--dry-run')).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining('shop_b:latest: build.platforms names 2 platforms') },
  });
  expect([docker.calls(), names()]).toEqual([[], ['image.list']]);
});

it('knows an image by the name that engines have for it', async () => {
  const { berth, cwd, docker } = await cluster([[image('acme/web:1', 'a'), image('tool:latest', 'b')]]);
  writeFileSync(
    join(cwd, 'compose.yaml'),
    'services: { a: { image: "docker.io/acme/web:1", build: a }, b: { image: docker.io/library/tool, build: b } }',
  );
  expect((await berth('deploy')).code).toBe(0);
  expect(docker.calls()).toEqual([]);
});
