import { problemText } from '../compose/index.ts';
import type { RouteOutput } from '../contract/v1/route.ts';
import type { Routes } from '../contract/v1/routes.ts';
import { BerthError } from '../kit/errors.ts';
import type { Stack } from '../model/stack.ts';
import { MOST_SOURCE, sourceSize } from '../model/stack-source.ts';
import { heldBy } from '../model/volume-span.ts';
import { type BuildFlags, buildImages, imagesToBuild } from './build-images.ts';
import type { CliContext } from './command.ts';
import type { ComposeFlags } from './compose-options.ts';
import { type FollowFlags, followStack, isWhole } from './follow-stack.ts';
import { readTold } from './read-stack.ts';
import { refuseReplaced } from './refuse-replaced.ts';
import { routerTexts } from './router-text.ts';
import { clean } from './terminal/text.ts';

type Answer = RouteOutput<Routes['stack.deploy']>;
/** Longest value that a difference shows. */
const SHOWN = 120;

/** Reads the compose files, shows what changes, and (unless it is only to be shown) does it and follows how it goes. */
export async function deployStack(
  context: CliContext,
  flags: ComposeFlags & FollowFlags & BuildFlags & Readonly<{ dryRun?: boolean }>,
): Promise<void> {
  const { call, out, globals } = context;
  const { stack: spec, warnings, source } = await readTold(context, flags);
  for (const warning of warnings) out.warn(problemText(warning));
  if (spec.services.length === 0)
    out.warn('no service is left to run: write some under services, or activate a profile with --profile');
  const { dryRun = false } = flags;
  const kept = dryRun || sourceSize(source) > MOST_SOURCE ? {} : { source };
  const asked = { stack: spec.name, spec, dryRun };
  const images = await imagesToBuild(context, spec.services, flags);
  // What the manager refuses is refused before anything is built.
  if (images.make.length + images.bring.length > 0 && !dryRun)
    await call('stack.deploy', { ...asked, dryRun: true });
  const rebuilt = dryRun ? new Set<string>() : await buildImages(context, images);
  const answer = await call('stack.deploy', { ...asked, ...kept }).catch((thrown: unknown) => {
    // Of the version before this one.
    if (!(thrown instanceof BerthError) || !/^unknown field "source"/.test(thrown.message)) throw thrown;
    out.warn(
      'the manager is older than this program and does not keep compose files: upgrade it to edit the stack in the dashboard',
    );
    return call('stack.deploy', asked);
  });
  for (const warning of answer.warnings) out.warn(warning);
  // Those that the deployment itself has not released anew.
  const left = [...rebuilt].filter((name) => !answer.releases.some(({ service }) => service === name));
  if (globals.json) out.json(answer);
  else printDiff(context, spec, answer.diff, dryRun, left.length > 0);
  if (dryRun && !globals.json) {
    for (const { image, build } of images.make)
      out.line(`  image ${clean(image)} is built from ${clean(build.context)}`);
    for (const { image, missing } of images.bring)
      out.line(`  image ${clean(image)} is brought to ${missing.map(clean).join(', ')}`);
  }
  await releaseRebuilt(context, spec.name, left);
  if (dryRun || flags.detach === true) return;
  if (isNothing(answer.diff) && left.length === 0) {
    // A pipeline that tries once more is not to be told that all is well while it is not.
    if (isWhole(await call('stack.get', { stack: spec.name }))) return;
    out.note('what was deployed before is not all ready yet');
  }
  const services = await followStack(context, spec.name, flags);
  await refuseReplaced(context, services, answer.releases);
  const waiting = services.filter(({ release }) => release.state === 'waiting').map(({ name }) => name);
  if (globals.json) return;
  out.line(
    waiting.length === 0
      ? `stack ${clean(spec.name)} is deployed`
      : `stack ${clean(spec.name)} is deployed beside what was there: ${waiting.map(clean).join(', ')} ${waiting.length === 1 ? 'waits' : 'wait'} for you`,
  );
  await tellRoutes(context, spec.name);
}

/** Releases services anew whose image is another one under the same name. */
async function releaseRebuilt(
  { call, out, globals }: CliContext,
  stack: string,
  services: readonly string[],
): Promise<void> {
  for (const service of services) {
    await call('service.restart', { stack, service });
    if (!globals.json)
      out.line(out.style('yellow', `  ~ service ${clean(service)}: its image was built anew`));
  }
}

/** Where what was deployed is to be found, and what keeps it from being found. */
async function tellRoutes({ call, out }: CliContext, stack: string): Promise<void> {
  const { routes, ingress } = await call('route.list', {});
  const own = routes.filter(({ service }) => service?.startsWith(`${stack}/`));
  for (const { name, service } of own) out.line(`  ${clean(name)} leads to ${clean(service ?? '')}`);
  if (own.length > 0) for (const text of routerTexts(ingress)) out.warn(text);
}

function isNothing({ created, changed, removed }: Answer['diff']): boolean {
  return created.length + changed.length + removed.length === 0;
}

/** @param more whether more changes than the difference says, and is told behind it */
function printDiff(
  { out }: CliContext,
  stack: Stack,
  diff: Answer['diff'],
  dryRun: boolean,
  more: boolean,
): void {
  if (isNothing(diff) && !more) {
    out.line(`stack ${clean(stack.name)}: nothing changes`);
    return;
  }
  out.line(`stack ${clean(stack.name)}${dryRun ? ', nothing is done' : ''}:`);
  for (const { kind, key } of diff.created)
    if (isThere(stack, kind, key)) out.line(`    ${kind} ${clean(key)}, which is there already`);
    else
      out.line(
        out.style('green', `  + ${kind} ${clean(key)}${kind === 'volume' ? heldText(stack, key) : ''}`),
      );
  for (const { item, fields } of diff.changed) {
    out.line(out.style('yellow', `  ~ ${item.kind} ${clean(item.key)}`));
    for (const { field, before, after } of fields)
      out.line(`      ${clean(field)}: ${shown(before)} -> ${shown(after)}`);
  }
  for (const { kind, key } of diff.removed) out.line(out.style('red', `  - ${kind} ${clean(key)}`));
}

/** What the stack takes from elsewhere is not made by it. */
function isThere(stack: Stack, kind: Answer['diff']['created'][number]['kind'], key: string): boolean {
  const has = <T extends { key: string }>(list: readonly T[], external: (one: T) => boolean) =>
    list.some((one) => one.key === key && external(one));
  switch (kind) {
    case 'network':
      return has(stack.networks, (one) => one.external);
    case 'volume':
      return has(stack.volumes, (one) => one.external);
    case 'config':
      return has(stack.configs, ({ content }) => content.kind === 'external');
    case 'secret':
      return has(stack.secrets, ({ content }) => content.kind === 'external');
    default:
      return false;
  }
}

/** A volume of one host has its containers there. */
function heldText(stack: Stack, key: string): string {
  const volume = stack.volumes.find((one) => one.key === key);
  const services = volume === undefined || volume.external ? [] : heldBy(stack, volume);
  return services.length === 0 ? '' : `, on one host, and with it ${services.map(clean).join(', ')}`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return clean(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
