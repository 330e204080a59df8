// Makes base images from Debian packages, for machines where no registry is in reach, as `docker save` archives in a
// cache outside the checkout. Needs no engine to make one, and nothing but Node: `berth up --demo` uses it as well.
//
//   node scripts/bake-image.mjs busybox|haproxy|debian:bookworm-slim [--host DOCKER_URL] [--no-install]
//
// prints the archive's path; with --host it is loaded into that engine, unless the engine has the image already.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** Change it when a recipe changes: part of each archive's name. */
const RECIPES_VERSION = 1;
/** Of all that install from the distribution: apt waits for others' installations, not for their package lists. */
const APT_LOCK = '/run/lock/berth/apt.lock';
const MIRROR = process.env.BERTH_DEBIAN_MIRROR ?? 'http://deb.debian.org/debian';

export class BakeError extends Error {}

/** What can be made, by tag. `key` is what the archive's content depends on; `fill` makes the root file system. */
const recipes = {
  'busybox:latest': {
    cmd: ['sh'],
    prepare: (context) => ({ ...context, binary: staticBusybox(context) }),
    key: ({ binary }) => sha256(readFileSync(binary)),
    fill: fillBusybox,
  },
  'haproxy:latest': {
    cmd: ['haproxy', '-v'],
    prepare: (context) => ({ ...context, files: haproxyFiles(context) }),
    key: ({ files }) => files.map((path) => sha256(readFileSync(path))).join(' '),
    fill: fillHaproxy,
  },
  'debian:bookworm-slim': {
    cmd: ['bash'],
    prepare: (context) => context,
    key: () => `${MIRROR} ${process.arch}`,
    fill: fillDebian,
  },
};

/** The tag of what is meant: `busybox` is `busybox:latest`. Undefined when there is no recipe for it. */
export function bakedTag(name) {
  const tag = name.includes(':') ? name : `${name}:latest`;
  return Object.hasOwn(recipes, tag) ? tag : undefined;
}

/** Where archives are kept: BERTH_CACHE, or ~/.cache/berth. */
export function imageCache() {
  const folder = join(process.env.BERTH_CACHE ?? join(homedir(), '.cache', 'berth'), 'images');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Make the image unless the cache has it, and return its tag and the path of its archive. */
export function bakeImage(name, { install = true } = {}) {
  const tag = bakedTag(name);
  if (tag === undefined) {
    throw new BakeError(
      `there is no recipe for image "${name}" -> choose one of ${Object.keys(recipes).join(', ')}`,
    );
  }
  const recipe = recipes[tag];
  const scratch = mkdtempSync(join(tmpdir(), 'berth-bake-'));
  try {
    const context = recipe.prepare({ scratch, install });
    const key = sha256(`${RECIPES_VERSION} ${recipe.key(context)}`).slice(0, 16);
    const archive = join(imageCache(), `${tag.replace(':', '-')}-${key}.tar`);
    if (existsSync(archive)) return { tag, archive };
    const root = join(scratch, 'root');
    mkdirSync(root);
    recipe.fill(root, context);
    const made = writeArchive({ scratch, root, tag, cmd: recipe.cmd });
    // not simply renamed: the cache may be on another file system, and must never show half an archive
    const beside = `${archive}.${process.pid}`;
    copyFileSync(made, beside);
    renameSync(beside, archive);
    return { tag, archive };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Load the image into the engine at `host` (a Docker URL), made before if need be. Returns its tag. */
export function loadBakedImage(name, host, options) {
  const { tag, archive } = bakeImage(name, options);
  const [{ Config: config }] = JSON.parse(run('tar', ['-xOf', archive, 'manifest.json']));
  const id = `sha256:${config.replace(/\.json$/, '')}`;
  let has = '';
  try {
    has = run('docker', ['-H', host, 'image', 'inspect', '--format', '{{.Id}}', tag]).trim();
  } catch {
    // it has none of that name
  }
  if (has !== id) run('docker', ['-H', host, 'load', '-i', archive]);
  return tag;
}

/** Path of a busybox that needs no libraries: the machine's own, or out of Debian's busybox-static, not installed. */
function staticBusybox({ scratch }) {
  const own = ['/usr/bin/busybox', '/bin/busybox'].find((path) => existsSync(path) && isStatic(path));
  if (own !== undefined) return own;
  const fetch = () => run('apt-get', ['-qq', 'download', 'busybox-static'], { cwd: scratch });
  try {
    fetch();
  } catch {
    apt(['update']); // a fresh machine has no package lists
    fetch();
  }
  const deb = readdirSync(scratch).find((file) => file.endsWith('.deb'));
  run('dpkg-deb', ['-x', join(scratch, deb), join(scratch, 'deb')]);
  return ['usr/bin/busybox', 'bin/busybox']
    .map((path) => join(scratch, 'deb', path))
    .find((path) => existsSync(path));
}

/** Whether an ELF program asks for no interpreter (program header type 3), which only dynamic ones do. */
function isStatic(path) {
  const elf = readFileSync(path);
  if (elf.toString('latin1', 0, 4) !== '\x7fELF' || elf[4] !== 2) return false;
  const [start, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, i) => elf.readUInt32LE(start + i * size)).every(
    (type) => type !== 3,
  );
}

function fillBusybox(root, { binary }) {
  for (const folder of ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var', 'var/www']) {
    mkdirSync(join(root, folder));
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync(binary, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  for (const applet of run(binary, ['--list']).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  symlinkSync('../bin', join(root, 'usr/bin'));
  symlinkSync('bin', join(root, 'sbin'));
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** Debian's haproxy as it is installed on this machine, and the libraries that it asks for. */
function haproxyFiles({ install }) {
  needProgram('haproxy', ['haproxy'], install);
  const program = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'].find((path) => existsSync(path));
  if (program === undefined) throw new BakeError('haproxy is in neither /usr/sbin nor /usr/local/sbin');
  const libraries = [...run('ldd', [program]).matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path);
  return [program, ...libraries];
}

function fillHaproxy(root, { files }) {
  for (const folder of ['dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'var']) mkdirSync(join(root, folder));
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const path of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(path, join(root, path));
    chmodSync(join(root, path), 0o755);
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/false\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
}

function fillDebian(root, { install }) {
  needProgram('debootstrap', ['debootstrap', 'debian-archive-keyring'], install);
  const script = ['--variant=minbase', 'bookworm', root, MIRROR];
  // in a mount namespace of its own: what debootstrap mounts for the packages' scripts goes with it
  run('unshare', ['--mount', '--', 'debootstrap', ...script], { timeout: 600_000 });
  const sources = ['bookworm', 'bookworm-updates'].map((suite) => `deb ${MIRROR} ${suite} main`);
  sources.push(`deb ${MIRROR.replace(/\/debian$/, '/debian-security')} bookworm-security main`);
  writeFileSync(join(root, 'etc/apt/sources.list'), `${sources.join('\n')}\n`);
  for (const path of [
    'usr/share/doc',
    'usr/share/man',
    'usr/share/locale',
    'var/lib/apt/lists',
    'var/log',
    'var/cache/apt',
  ]) {
    rmSync(join(root, path), { recursive: true, force: true });
    mkdirSync(join(root, path));
  }
  rmSync(join(root, 'etc/hostname'), { force: true });
  rmSync(join(root, 'etc/resolv.conf'), { force: true });
  writeFileSync(join(root, 'etc/resolv.conf'), '');
}

function needProgram(program, packages, install) {
  try {
    run('sh', ['-c', 'command -v "$1"', 'sh', program]);
  } catch {
    if (!install)
      throw new BakeError(
        `${program} is missing and --no-install forbids installing it -> apt-get install ${program}`,
      );
    console.error(`bake: installing ${packages.join(' ')} from the distribution`);
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', ...packages]);
  }
}

function apt(args) {
  const argv = ['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120', ...args];
  if (process.getuid() === 0) {
    mkdirSync(dirname(APT_LOCK), { recursive: true });
    argv.unshift('flock', APT_LOCK);
  }
  run(argv[0], argv.slice(1), { timeout: 900_000 });
}

/** The root file system as an archive that `docker load` reads; the same input gives the same bytes, and image ID. */
function writeArchive({ scratch, root, tag, cmd }) {
  const image = join(scratch, 'image');
  mkdirSync(image);
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const owned = tag.startsWith('debian') ? ['--sort=name', '--numeric-owner'] : same; // groups like shadow matter there
  run('tar', [...owned, '-C', root, '-cf', join(image, 'layer.tar'), '.'], { timeout: 300_000 });
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '2025-01-01T00:00:00Z',
    config: { Cmd: cmd, Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(readFileSync(join(image, 'layer.tar')))}`] },
    history: [{ created: '2025-01-01T00:00:00Z', created_by: 'berth: from Debian packages' }],
  });
  const configFile = `${sha256(config)}.json`;
  writeFileSync(join(image, configFile), config);
  const manifest = [{ Config: configFile, RepoTags: [tag], Layers: ['layer.tar'] }];
  writeFileSync(join(image, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(scratch, 'image.tar');
  run('tar', ['-C', image, '-cf', archive, 'manifest.json', configFile, 'layer.tar'], { timeout: 300_000 });
  return archive;
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

function run(file, args, options = {}) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  try {
    return execFileSync(file, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
      env,
      ...options,
    });
  } catch (error) {
    const said = String(error.stderr ?? '').trim() || String(error.stdout ?? '').trim() || error.message;
    throw new BakeError(`${[file, ...args].join(' ')} failed: ${said.split('\n').slice(-3).join(' | ')}`);
  }
}

function main() {
  const options = { host: { type: 'string' }, 'no-install': { type: 'boolean' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const install = values['no-install'] !== true;
  if (positionals.length !== 1) {
    throw new BakeError(
      'say which image -> bake-image.mjs busybox|haproxy|debian:bookworm-slim [--host DOCKER_URL] [--no-install]',
    );
  }
  const [name] = positionals;
  if (values.host !== undefined) loadBakedImage(name, values.host, { install });
  console.log(bakeImage(name, { install }).archive);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main();
  } catch (error) {
    console.error(`bake: ${error.message}`);
    process.exitCode = 1;
  }
}
