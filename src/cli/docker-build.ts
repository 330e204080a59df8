import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Build } from '../model/service.ts';
import type { Ended } from './run-program.ts';

/** Paths: of the Dockerfile, undefined for the one of the context's own; and of where docker writes the image's ID to. */
type BuildFiles = Readonly<{ dockerfile: string | undefined; id: string }>;

/**
 * Builds an image by `docker build`.
 * @param run runs docker with these arguments; files that they name are there meanwhile, an inline Dockerfile among them
 * @returns the image's ID, undefined where docker has not told
 */
export async function withBuild(
  image: string,
  build: Build,
  run: (args: readonly string[]) => Promise<Ended>,
): Promise<Readonly<{ ended: Ended; id: string | undefined }>> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-build-'));
  try {
    const files = { dockerfile: await dockerfileOf(build, folder), id: join(folder, 'id') };
    const ended = await run(['build', ...buildFlags(image, build, files), '--', build.context]);
    const id = await readFile(files.id, 'utf8').catch(() => undefined);
    return { ended, id: id?.trim() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function dockerfileOf(
  { context, dockerfile, dockerfileInline }: Build,
  folder: string,
): Promise<string | undefined> {
  // The docker CLI sees it from its own folder, compose files from the context's.
  if (dockerfileInline === undefined)
    return dockerfile !== undefined && isAbsolute(context) ? resolve(context, dockerfile) : dockerfile;
  const inline = join(folder, 'Dockerfile');
  await writeFile(inline, dockerfileInline);
  return inline;
}

function buildFlags(image: string, build: Build, { dockerfile, id }: BuildFiles): readonly string[] {
  const { args, labels, target, network, cacheFrom, extraHosts, tags, platforms, shmSize } = build;
  const pairs = (flag: string, all: Readonly<Record<string, string>>) =>
    Object.entries(all).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  const [platform] = platforms;
  return [
    ...[image, ...tags].flatMap((tag) => ['--tag', tag]),
    ...['--iidfile', id],
    ...(dockerfile === undefined ? [] : ['--file', dockerfile]),
    ...pairs('--build-arg', args),
    ...pairs('--label', labels),
    ...(target === undefined ? [] : ['--target', target]),
    ...(network === undefined ? [] : ['--network', network]),
    ...cacheFrom.flatMap((from) => ['--cache-from', from]),
    ...extraHosts.flatMap((host) => ['--add-host', host]),
    ...(platform === undefined ? [] : ['--platform', platform]),
    ...(build.noCache ? ['--no-cache'] : []),
    ...(build.pull ? ['--pull'] : []),
    ...(shmSize === undefined ? [] : ['--shm-size', String(shmSize)]),
  ];
}
