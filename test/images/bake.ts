import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bakedTag, bakeImage, imageCache, loadBakedImage } from '../../scripts/bake-image.mjs';
import { alone } from '../lab/alone.ts';
import { LabError, run, tryRun } from '../lab/run.ts';

/** Of the cache: what one run makes, others that want it meanwhile find made. */
const LOCK = 'images';
const RECIPES = fileURLToPath(new URL('.', import.meta.url));

/**
 * Make sure that an engine has a test image, without any registry, and return its tag.
 * `busybox` and `debian:bookworm-slim` are made from Debian packages; any other name is a folder beside this file
 * with a Dockerfile, built once on the engine that first needs it and loaded from the cache from then on.
 * @param host Docker URL, as `lab.hosts[0].engine`.
 */
export async function ensureImage(name: string, host: string): Promise<string> {
  if (bakedTag(name) !== undefined) {
    await alone(LOCK, () => bakeImage(name));
    return loadBakedImage(name, host);
  }
  const folder = join(RECIPES, name);
  if (!existsSync(join(folder, 'Dockerfile'))) {
    throw new LabError(`there is no test image "${name}": add test/images/${name}/Dockerfile`);
  }
  const base = baseOf(folder);
  const archive = join(imageCache(), `test-${name}-${contentKey(folder, base)}.tar`);
  const tag = `berth-test/${name}:latest`;
  if (!existsSync(archive)) {
    await ensureImage(base, host);
    await alone(LOCK, () => buildArchive({ archive, tag, folder, host }));
  }
  if ((await tryRun(['docker', '-H', host, 'image', 'inspect', tag])).code !== 0)
    await run(['docker', '-H', host, 'load', '-i', archive]);
  return tag;
}

async function buildArchive(o: {
  archive: string;
  tag: string;
  folder: string;
  host: string;
}): Promise<void> {
  if (existsSync(o.archive)) return; // by whoever had the lock before
  const docker = ['docker', '-H', o.host];
  await run(['env', 'DOCKER_BUILDKIT=0', ...docker, 'build', '-t', o.tag, o.folder], { timeoutMs: 600_000 });
  await run([...docker, 'save', '-o', `${o.archive}.${process.pid}`, o.tag]);
  renameSync(`${o.archive}.${process.pid}`, o.archive);
}

function baseOf(folder: string): string {
  const base = /^FROM\s+(\S+)/m.exec(readFileSync(join(folder, 'Dockerfile'), 'utf8'))?.[1];
  if (base === undefined) throw new LabError(`${folder}/Dockerfile has no FROM line`);
  return base;
}

/** Changes with each file of the folder, and with what the base image is made of. */
function contentKey(folder: string, base: string): string {
  const hash = createHash('sha256').update(bakedTag(base) === undefined ? base : bakeImage(base).archive);
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
