import type { ContainerView } from '../../../../src/contract/v1/containers.ts';

/** What the address of the list says of it. */
export type Filter = Readonly<{
  q: string;
  state: string;
  health: string;
  host: string;
  stack: string;
  /** Of the stack. */
  service: string;
  made: string;
}>;

export const NO_FILTER: Filter = { q: '', state: '', health: '', host: '', stack: '', service: '', made: '' };

/** Who has made a container: the cluster at somebody's wish, plain docker on its host, or Berth for itself. */
export const MAKERS = ['cluster', 'plain', 'system'] as const;

/** State as lists show it. */
type StateOf = (container: ContainerView) => string;

/** Of an address, which may say more. A service is one of a stack: without it, it is none. */
export function filterOf(search: Readonly<Partial<Filter>>): Filter {
  const { q = '', state = '', health = '', host = '', stack = '', service = '', made = '' } = search;
  return { q, state, health, host, stack, service: stack === '' ? '' : service, made };
}

/** What of it is to be in an address. */
export function searchOf(filter: Filter): Partial<Filter> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''));
}

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== '');
}

/** Whether a container is among those that are looked for. */
export function finderOf(filter: Filter, stateOf: StateOf): (container: ContainerView) => boolean {
  const { state, health, host, stack, service, made } = filter;
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  return (one) =>
    (host === '' || one.hostName === host) &&
    (stack === '' || one.service?.stack === stack) &&
    (service === '' || one.service?.name === service) &&
    (health === '' || one.health === health) &&
    (made === '' || makerOf(one) === made) &&
    (state === '' || stateOf(one) === state) &&
    (words.length === 0 || hasAll(one, words));
}

function hasAll({ id, name, image }: ContainerView, words: readonly string[]): boolean {
  const all = `${name} ${image}`.toLowerCase();
  return words.every((word) => all.includes(word) || (word.length > 2 && id.startsWith(word)));
}

function makerOf({ managed, router }: ContainerView): (typeof MAKERS)[number] {
  if (managed) return 'cluster';
  return router === true ? 'system' : 'plain';
}

export type Choices = Readonly<Record<'states' | 'healths' | 'stacks' | 'services', readonly string[]>>;

/** What there is to choose, of all containers; services of the stack that is chosen. */
export function choicesOf(containers: readonly ContainerView[], stateOf: StateOf, stack: string): Choices {
  const states = new Set<string>();
  const healths = new Set<string>();
  const stacks = new Set<string>();
  const services = new Set<string>();
  for (const one of containers) {
    states.add(stateOf(one));
    healths.add(one.health);
    if (one.service === undefined) continue;
    stacks.add(one.service.stack);
    if (one.service.stack === stack) services.add(one.service.name);
  }
  const listed = (set: ReadonlySet<string>) => [...set].sort();
  return {
    states: listed(states),
    healths: listed(healths),
    stacks: listed(stacks),
    services: listed(services),
  };
}

/** What the address asks for is there to choose, though nothing has it now. */
export function withChosen(all: readonly string[], chosen: string): readonly string[] {
  return chosen === '' || all.includes(chosen) ? all : [...all, chosen];
}
