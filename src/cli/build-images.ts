import { isDeepStrictEqual } from 'node:util';
import { BerthError, messageOf } from '../kit/errors.ts';
import type { Build, Service } from '../model/service.ts';
import { type Carried, carry, inArchives } from './carry-images.ts';
import type { CliContext } from './command.ts';
import { withBuild } from './docker-build.ts';
import { DOCKER_MISSING, dockerEnv, withDocker } from './docker-endpoint.ts';
import { ListedImages } from './listed-images.ts';
import { type Ended, type ProgramOptions, runProgram } from './run-program.ts';
import { clean } from './terminal/text.ts';

/** How long the manager may take to hear of an image that was made, and how often it is asked. */
const TELL_MS = 5_000;
const POLL_MS = 300;

/** Flags of commands that build; neither: what is missing. */
export type BuildFlags = Readonly<{ build?: boolean }>;

type Wanted = Readonly<{ image: string; build: Build; services: readonly Service[] }>;

/** What is to be done so that the images of a stack are where its containers may go. */
type ImagePlan = Readonly<{
  make: readonly Wanted[];
  /** There, and missing on some of the hosts that images are for. */
  bring: readonly Readonly<{ image: string; missing: readonly string[] }>[];
  /** Images as the cluster had them. */
  before: ListedImages;
}>;

/**
 * What is to be done with the images that a stack's services build, each once: all are made with `--build`, none with
 * `--no-build`.
 * @throws BerthError `bad_request` where two services make one image in two ways, or one is for several platforms
 */
export async function imagesToBuild(
  { call }: CliContext,
  services: readonly Service[],
  { build: how }: BuildFlags,
): Promise<ImagePlan> {
  const all = how === false ? [] : wantedBy(services);
  if (all.length === 0) return { make: [], bring: [], before: new ListedImages([], undefined) };
  const before = await listedImages(call);
  const make = how === true ? all : all.filter(({ image }) => before.find(image) === undefined);
  for (const { image, build } of make)
    if (build.platforms.length > 1)
      throw new BerthError(
        'bad_request',
        `${image}: build.platforms names ${build.platforms.length} platforms`,
        {
          hint: 'an engine builds for one at a time: name one, or build and push the image elsewhere and leave build out',
        },
      );
  if (how === true) return { make, bring: [], before };
  return {
    make,
    bring: all.flatMap(({ image }) => {
      const missing = before.missing(image);
      return missing.length === 0 ? [] : [{ image, missing }];
    }),
    before,
  };
}

function wantedBy(services: readonly Service[]): readonly Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { name, build, container } of services) {
    if (build === undefined) continue;
    const image = tagged(container.Image);
    const known = wanted.get(image);
    if (known !== undefined && !isDeepStrictEqual(known.build, build))
      throw new BerthError(
        'bad_request',
        `service ${name}: builds ${image} in another way than another service`,
        {
          hint: 'give it an image of its own, or leave out build where only the image is meant',
        },
      );
    // Also those that only have it.
    const users = services.filter((one) => tagged(one.container.Image) === image);
    wanted.set(image, { image, build, services: users });
  }
  return [...wanted.values()];
}

/** @param id undefined where docker has not told */
type Made = Readonly<{ wanted: Wanted; id: string | undefined }>;

/**
 * Makes images by the docker CLI, each on a host that the cluster chooses, and brings them to all others. What was there
 * already and does not come to a host is a warning only.
 * @returns services whose image is another one under the same name by now
 * @throws BerthError `engine` with what docker has said; `not_found` without a docker CLI
 */
export async function buildImages(context: CliContext, plan: ImagePlan): Promise<ReadonlySet<string>> {
  const { before } = plan;
  const { made, after } = await makeImages(context, plan);
  await bringMissing(context, plan);
  const rebuilt = made.flatMap(({ wanted: { image, services }, id }) => {
    const was = before.find(image)?.id;
    if (was === undefined) return [];
    const isOther = was !== after.find(image, id)?.id;
    // Or an earlier run has made it and was ended before its services were released.
    return services.filter((one) => isOther || before.hasFormer(image, one));
  });
  return new Set(rebuilt.map(({ name }) => name));
}

async function makeImages(
  context: CliContext,
  { make, before }: ImagePlan,
): Promise<Readonly<{ made: readonly Made[]; after: ListedImages }>> {
  if (make.length === 0) return { made: [], after: before };
  const { out } = context;
  const program = programOptions(context);
  const onLine = (line: string) => {
    if (line.trim() !== '') out.note(`  ${clean(line)}`);
  };
  return withDocker(context, async (docker) => {
    const made: Made[] = [];
    for (const wanted of make) {
      const { image, build } = wanted;
      out.note(`${clean(image)} is built from ${clean(build.context)}`);
      const { id, ended } = await withBuild(image, build, (args) =>
        runProgram(docker(...args), { ...program, onLine }),
      );
      const hint = 'what docker printed above says more; nothing was deployed';
      refuse(ended, `image ${image} was not built`, hint);
      made.push({ wanted, id });
    }
    const after = await imagesAfter(context, made);
    for (const group of inArchives(made.flatMap((one) => carriedOf(after, one) ?? []))) {
      out.note(`${namesOf(group)}: brought to all hosts`);
      refuse(
        await carry(docker, group, program),
        `${namesOf(group)} did not come to all hosts`,
        '"berth deploy --build" tries it again; nothing was deployed',
      );
    }
    return { made, after };
  });
}

async function bringMissing(context: CliContext, plan: ImagePlan): Promise<void> {
  const { out, interrupt } = context;
  const { bring, before } = plan;
  if (bring.length === 0) return;
  const warn = (images: string, why: string) =>
    out.warn(`${images}: still missing on ${hostsOf(bring)}: ${clean(why)}`);
  try {
    await withDocker(context, async (docker) => {
      for (const group of inArchives(bring.map(({ image }) => asItIs(before, image)))) {
        out.note(`${namesOf(group)}: brought to all hosts`);
        const ended = await carry(docker, group, programOptions(context));
        if (ended.code !== 0) warn(namesOf(group), whyOf(ended));
      }
    });
  } catch (thrown) {
    if (interrupt.aborted || !(thrown instanceof BerthError)) throw thrown;
    warn(bring.map(({ image }) => clean(image)).join(', '), messageOf(thrown));
  }
}

function hostsOf(bring: ImagePlan['bring']): string {
  return [...new Set(bring.flatMap(({ missing }) => missing))].map(clean).join(', ');
}

function programOptions({ cwd, env, interrupt }: CliContext): ProgramOptions {
  const missing = `${DOCKER_MISSING}, or make the images elsewhere and use --no-build`;
  return { cwd, env: dockerEnv(env), signal: interrupt, missing };
}

/** Images once the manager has heard of those that were made: a builder's host tells of it when the builder has gone. */
async function imagesAfter(
  { call, clock, interrupt }: CliContext,
  made: readonly Made[],
): Promise<ListedImages> {
  for (let left = TELL_MS; ; left -= POLL_MS) {
    const images = await listedImages(call);
    if (left <= 0 || made.every(({ id }) => id === undefined || images.has(id))) return images;
    await clock.sleep(POLL_MS, interrupt);
  }
}

/** How an image that was made comes to the hosts; undefined where it needs no way. */
function carriedOf(images: ListedImages, { wanted: { image, build }, id }: Made): Carried | undefined {
  const made = images.find(image, id);
  const hosts = made?.hostNames ?? [];
  const { fills } = images;
  // With several hosts the names count, too, which are not told by host.
  if (fills !== undefined && fills.length < 2 && fills.every((host) => hosts.includes(host)))
    return undefined;
  // The cluster takes a name for the newest that has it: one that came from the builder's cache may be older.
  return made === undefined || made === images.find(image)
    ? asItIs(images, image)
    : { image, by: made.id, tags: [image, ...build.tags], hosts };
}

function asItIs(images: ListedImages, image: string): Carried {
  return { image, by: image, tags: [], hosts: images.find(image)?.hostNames ?? [] };
}

function namesOf(group: readonly Carried[]): string {
  return group.map(({ image }) => clean(image)).join(', ');
}

async function listedImages(call: CliContext['call']): Promise<ListedImages> {
  const { images, fills } = await call('image.list');
  return new ListedImages(images, fills);
}

function refuse(ended: Ended, what: string, hint: string): void {
  if (ended.code === 0) return;
  throw new BerthError('engine', `${clean(what)}: ${clean(whyOf(ended))}`, { hint });
}

function whyOf({ code, output }: Ended): string {
  return output.trim().split('\n').at(-1) || `exit code ${code}`;
}

/** As an engine lists it: with the tag `latest` where it says none, and without the registry that is meant anyway. */
function tagged(name: string): string {
  const image = name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /:[^/]+$/.test(image) || image.includes('@') ? image : `${image}:latest`;
}
