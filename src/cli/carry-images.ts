import type { DockerCli } from './docker-endpoint.ts';
import { type Ended, type ProgramOptions, pipePrograms, runProgram } from './run-program.ts';

/** An image on its way to all hosts. */
export type Carried = Readonly<{
  image: string;
  /** What it is called on the hosts that have it: where an older one than others have under its name, its ID. */
  by: string;
  /** Names that it has to be given after that. */
  tags: readonly string[];
  hosts: readonly string[];
}>;

/** Each group is on one host, and one archive: images share parts. */
export function inArchives(images: readonly Carried[]): readonly (readonly Carried[])[] {
  const groups: { images: Carried[]; hosts: readonly string[] }[] = [];
  for (const image of images) {
    const common = (hosts: readonly string[]) => hosts.filter((host) => image.hosts.includes(host));
    const group = groups.find(({ hosts }) => common(hosts).length > 0);
    if (group === undefined) groups.push({ images: [image], hosts: image.hosts });
    else {
      group.images.push(image);
      group.hosts = common(group.hosts);
    }
  }
  return groups.map((group) => group.images);
}

/** Brings images of one archive to all hosts. */
export async function carry(
  docker: DockerCli,
  images: readonly Carried[],
  program: ProgramOptions,
): Promise<Ended> {
  const names = images.map(({ by }) => by);
  let ended = await pipePrograms(docker('save', ...names), docker('load', '--quiet'), program);
  for (const { by, tags } of images)
    for (const tag of tags) if (ended.code === 0) ended = await runProgram(docker('tag', by, tag), program);
  return ended;
}
