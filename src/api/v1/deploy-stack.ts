import type { RouteOutput } from '../../contract/v1/route.ts';
import type { Routes } from '../../contract/v1/routes.ts';
import type { Stack } from '../../model/stack.ts';
import type { StackDiff } from '../../model/stack-diff.ts';
import type { StackSource } from '../../model/stack-source.ts';
import { checkRoutes } from '../routing/check-routes.ts';
import { checkStack } from '../services/check-stack.ts';
import { deploy, diffOf, notesOf } from '../services/deploy.ts';
import { keepSource } from '../services/stack-sources.ts';
import { refuseStale } from '../services/stale-stack.ts';
import type { ApiDeps } from './deps.ts';

type Deployed = RouteOutput<Routes['stack.deploy']>;
type DeployWith = Readonly<{
  by: string;
  /** Generation of the stack that the user has seen; undefined: whatever it is. */
  expect?: number | undefined;
  /** The files that it was read from. */
  source?: StackSource | undefined;
}>;

/** @throws BerthError as `checkStack`, `checkRoutes`, `refuseStale` and `deploy` */
export async function deployStack(
  { store, vault: { vault }, clock }: ApiDeps,
  stack: Stack,
  { by, expect, source }: DeployWith,
): Promise<Deployed> {
  checkStack(stack);
  const warnings = store.view((tx) => [...checkRoutes(tx, stack)]);
  const { diff, notes, releases, generation } = await store.update((tx) => {
    refuseStale(tx, stack.name, expect);
    const deployed = deploy(tx, vault, stack, { by, at: clock.now() });
    const { generation: now = 0 } = tx.get('stacks', stack.name) ?? {};
    if (source !== undefined) keepSource(tx, vault, { stack: stack.name, generation: now }, source);
    return { ...deployed, generation: now };
  });
  return { diff: diffView(diff), warnings: [...warnings, ...notes], releases: [...releases], generation };
}

/** What `deployStack` would do. @throws BerthError as it does */
export function planStack(
  { store, vault: { vault } }: ApiDeps,
  stack: Stack,
  expect?: number | undefined,
): Deployed {
  checkStack(stack);
  return store.view((tx) => {
    refuseStale(tx, stack.name, expect);
    return {
      diff: diffView(diffOf(tx, vault, stack)),
      warnings: [...checkRoutes(tx, stack), ...notesOf(tx, stack)],
      releases: [],
      generation: tx.get('stacks', stack.name)?.generation ?? 0,
    };
  });
}

function diffView({ created, changed, removed }: StackDiff): Deployed['diff'] {
  return {
    created: [...created],
    changed: changed.map(({ item, fields }) => ({ item, fields: fields.map((one) => ({ ...one })) })),
    removed: [...removed],
  };
}
