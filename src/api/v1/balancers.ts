import type { BalancerView, balancerRoutes } from '../../contract/v1/balancers.ts';
import { BerthError } from '../../kit/errors.ts';
import {
  type Balancer,
  type BalancerListen,
  type BalancerTarget,
  listenText,
  ruleProblem,
  targetText,
} from '../../model/balancer.ts';
import { say } from '../../model/said/index.ts';
import { saidByHosts } from '../../model/said-by-hosts.ts';
import type { ReadTx } from '../../store/store.ts';
import { shownRules } from '../hidden-values.ts';
import type { AccessBook } from '../routing/access-book.ts';
import { checkBalancer } from '../routing/check-routes.ts';
import { balancerServed } from '../routing/route-owners.ts';
import { wayByName } from '../routing/service-ways.ts';
import { refuseOtherBalancer } from './as-seen.ts';
import type { Handlers } from './handler.ts';

const MAX_BALANCERS = 1_000;
const MAX_TARGETS = 500;
const MAX_LISTENS = 200;

export const balancerHandlers: Handlers<keyof typeof balancerRoutes> = {
  'balancer.list': ({ deps, principal: { role } }) =>
    deps.store.view((tx) => ({
      balancers: [...tx.all('balancers')]
        .map((one) => viewOf(tx, one, deps.access))
        .map((view) => ({ ...view, rules: shownRules(view.rules, role) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    })),

  'balancer.create': ({ deps, body: { name }, principal, about }) => {
    about(name);
    return deps.store.update((tx) => {
      if (tx.get('balancers', name) !== undefined)
        throw new BerthError('conflict', `there is a balancer "${name}" already`, {
          hint: `look at it with "berth lb inspect ${name}"`,
        });
      if (tx.count('balancers') >= MAX_BALANCERS)
        throw new BerthError('conflict', `there are ${MAX_BALANCERS} balancers, which is as many as may be`);
      const balancer: Balancer = {
        ...{
          kind: 'balancer',
          name,
          targets: [],
          listens: [],
          rules: {},
          sticky: false,
          check: { kind: 'tcp' },
        },
        ...{ createdAt: deps.clock.now(), createdBy: principal.user },
      };
      tx.put('balancers', balancer);
      return viewOf(tx, balancer, deps.access);
    });
  },

  'balancer.change': ({ deps, params, body, about }) => {
    about(params.balancer);
    return deps.store.update((tx) => {
      const before = find(tx, params.balancer);
      refuseOtherBalancer(viewOf(tx, before, deps.access), body.was);
      const check = body.check === undefined ? before.check : (body.check ?? undefined);
      const { check: _, ...rest } = before;
      const balancer: Balancer = {
        ...rest,
        targets: changedTargets(tx, before.targets, body),
        listens: changedListens(before.listens, body.listen, body.unlisten),
        rules: changedRules(before.rules, body.rules),
        sticky: body.sticky ?? before.sticky,
        ...(check === undefined ? {} : { check }),
      };
      const problem = ruleProblem(balancer.rules);
      if (problem !== undefined) throw new BerthError('bad_request', problem);
      checkBalancer(tx, balancer);
      tx.put('balancers', balancer);
      return viewOf(tx, balancer, deps.access);
    });
  },

  'balancer.delete': ({ deps, params }) =>
    deps.store.update((tx) => {
      tx.delete('balancers', find(tx, params.balancer).name);
      return {};
    }),
};

function find(tx: ReadTx, name: string): Balancer {
  const found = tx.get('balancers', name);
  if (found !== undefined) return found;
  throw new BerthError('not_found', `there is no balancer "${name}"`, {
    hint: `make it with "berth lb create ${name}"; "berth lb ls" lists them`,
  });
}

function changedTargets(
  tx: ReadTx,
  before: readonly BalancerTarget[],
  {
    attach,
    detach,
    weights,
  }: Readonly<{
    attach: readonly BalancerTarget[];
    detach: readonly string[];
    weights: Readonly<Record<string, number>>;
  }>,
): BalancerTarget[] {
  const targets = new Map(before.map((one) => [targetText(one), one]));
  for (const name of detach) if (!targets.delete(name)) throw notOf(name, [...targets.keys()], 'target');
  for (const target of attach) {
    const name = targetText(target);
    if (!targets.has(name)) refuseUnreachable(tx, target);
    targets.set(name, target);
  }
  for (const [name, weight] of Object.entries(weights)) {
    const target = targets.get(name);
    if (target === undefined) throw notOf(name, [...targets.keys()], 'target');
    targets.set(name, { ...target, weight });
  }
  if (targets.size > MAX_TARGETS)
    throw new BerthError('conflict', `${targets.size} targets are more than the ${MAX_TARGETS} that may be`);
  return [...targets.values()];
}

/** One that only does not run at the moment is no mistake. */
function refuseUnreachable(tx: ReadTx, target: BalancerTarget): void {
  if (target.kind !== 'container') return;
  const { name, port } = target;
  const known = [...tx.by('containers', 'name', name), ...tx.by('observedContainers', 'name', name)];
  if (known.length === 0)
    throw new BerthError('not_found', `there is no container "${name}"`, {
      hint: 'targets are containers by name, IP addresses with a port, or dns:NAME:PORT',
    });
  const way = wayByName(tx, name, port);
  if (typeof way === 'string' && way.includes('does not publish')) throw new BerthError('bad_request', way);
}

function changedListens(
  before: readonly BalancerListen[],
  listen: readonly BalancerListen[],
  unlisten: readonly string[],
): BalancerListen[] {
  const listens = new Map(before.map((one) => [listenText(one), one]));
  for (const name of unlisten) if (!listens.delete(name)) throw notOf(name, [...listens.keys()], 'listener');
  for (const one of listen) listens.set(listenText(one), one);
  if (listens.size > MAX_LISTENS)
    throw new BerthError(
      'conflict',
      `${listens.size} listeners are more than the ${MAX_LISTENS} that may be`,
    );
  return [...listens.values()];
}

function changedRules(
  before: Balancer['rules'],
  changes: Readonly<Record<string, string | null>>,
): Balancer['rules'] {
  const all = { ...before, ...changes };
  return Object.fromEntries(
    Object.entries(all).flatMap(([field, text]) => (text === null ? [] : [[field, text] as const])),
  );
}

function notOf(name: string, known: readonly string[], what: string): BerthError {
  return new BerthError('not_found', `the balancer has no ${what} "${name.slice(0, 100)}"`, {
    hint: known.length === 0 ? `it has no ${what} at all` : `it has ${known.slice(0, 10).join(', ')}`,
  });
}

function viewOf(tx: ReadTx, balancer: Balancer, access: Pick<AccessBook, 'failing'>): BalancerView {
  const { kind: _, targets, listens, check, ...rest } = balancer;
  const { http, tcp } = balancerServed(tx, balancer);
  const failing = access.failing([...http, ...tcp].map(({ id }) => id));
  return {
    ...rest,
    targets: targets.map((target) => targetView(tx, target, failing)),
    listens: listens.map(listenText),
    check: check === undefined ? 'none' : check.kind === 'tcp' ? 'tcp' : `http:${check.path}`,
  };
}

function targetView(
  tx: ReadTx,
  target: BalancerTarget,
  all: ReturnType<AccessBook['failing']>,
): BalancerView['targets'][number] {
  const { weight } = target;
  const name = targetText(target);
  const way = placeOf(tx, target);
  if (typeof way === 'string') return { name, weight, problem: way, failing: [] };
  const { address, port } = way;
  const said = new Map(
    all.filter((one) => one.address === address && one.port === port).map(({ host, why }) => [host, why]),
  );
  const failing = [...said].map(([host, why]) => ({ host, why }));
  const hosts = saidByHosts(said)
    .map(({ who, many, text: why }) => say(many ? 'hosts.target.say' : 'hosts.target.says', { who, why }))
    .join('; ');
  return {
    ...{ name, weight, failing },
    // a name leads to what it leads to at each host
    ...(target.kind === 'name' ? {} : { address: addressText(address, port) }),
    ...(failing.length === 0 ? {} : { problem: say('hosts.target.fails', { hosts }) }),
  };
}

/** By which ingress hosts speak of it; or why routers do not reach it. */
function placeOf(tx: ReadTx, target: BalancerTarget): Readonly<{ address: string; port: number }> | string {
  if (target.kind === 'name') return { address: target.host, port: target.port };
  return target.kind === 'address' ? target : wayByName(tx, target.name, target.port);
}

const addressText = (address: string, port: number) =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;
