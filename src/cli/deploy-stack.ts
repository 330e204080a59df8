import { problemText } from '../compose/index.ts';
import type { RouteOutput } from '../contract/v1/route.ts';
import type { Routes } from '../contract/v1/routes.ts';
import type { Stack } from '../model/stack.ts';
import { MOST_SOURCE, sourceSize } from '../model/stack-source.ts';
import { heldBy } from '../model/volume-span.ts';
import type { CliContext } from './command.ts';
import type { ComposeFlags } from './compose-files.ts';
import { type FollowFlags, followStack } from './follow-stack.ts';
import { readTold } from './read-stack.ts';
import { routerTexts } from './router-text.ts';
import { clean } from './terminal/text.ts';

type Answer = RouteOutput<Routes['stack.deploy']>;
/** Longest value that a difference shows. */
const SHOWN = 120;

/** Reads the compose files, shows what changes, and (unless it is only to be shown) does it and follows how it goes. */
export async function deployStack(
  context: CliContext,
  flags: ComposeFlags & FollowFlags & Readonly<{ dryRun?: boolean }>,
): Promise<void> {
  const { call, out, globals } = context;
  const { stack: spec, warnings, source } = await readTold(context, flags);
  for (const warning of warnings) out.warn(problemText(warning));
  if (spec.services.length === 0)
    out.warn('no service is left to run: write some under services, or activate a profile with --profile');
  const { dryRun = false } = flags;
  const kept = dryRun || sourceSize(source) > MOST_SOURCE ? {} : { source };
  const answer = await call('stack.deploy', { stack: spec.name, spec, dryRun, ...kept });
  for (const warning of answer.warnings) out.warn(warning);
  if (globals.json) out.json(answer);
  else printDiff(context, spec, answer.diff, dryRun);
  if (dryRun || flags.detach === true || isNothing(answer.diff)) return;
  await followStack(context, spec.name, flags);
  if (globals.json) return;
  out.line(`stack ${clean(spec.name)} is deployed`);
  await tellRoutes(context, spec.name);
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

function printDiff({ out }: CliContext, stack: Stack, diff: Answer['diff'], dryRun: boolean): void {
  if (isNothing(diff)) {
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
