import type { PullItem } from '../../../../src/contract/v1/images.ts';

export type HostPull = Readonly<{
  host: string;
  state: 'waiting' | 'pulling' | 'pulled' | 'failed';
  /** Why, of one that failed; else what its engine said last. */
  said: string;
  /** Bytes of the parts that are on their way, by their IDs. */
  parts: ReadonlyMap<string, Readonly<{ done: number; all: number }>>;
}>;

/** What has come of a pull on each host, in the order in which they were heard of. */
export type PullState = readonly HostPull[];

/** What an item changes. */
export function withItem(state: PullState, item: PullItem): PullState {
  const before = state.find(({ host }) => host === item.host) ?? waiting(item.host);
  const after = next(before, item);
  return state.includes(before) ? state.map((one) => (one === before ? after : one)) : [...state, after];
}

export function waiting(host: string): HostPull {
  return { host, state: 'waiting', said: '', parts: new Map() };
}

function next(before: HostPull, item: PullItem): HostPull {
  if (item.kind === 'pulled') return { ...before, state: 'pulled', said: '' };
  if (item.kind === 'failed') return { ...before, state: 'failed', said: item.reason };
  const { id, status, done, all } = item;
  const parts = new Map(before.parts);
  if (id !== '' && done !== undefined && all !== undefined) parts.set(id, { done, all });
  else if (/complete|already exists/i.test(status)) {
    const part = parts.get(id);
    if (part !== undefined) parts.set(id, { ...part, done: part.all });
  }
  return { ...before, state: 'pulling', said: status, parts };
}

/** Bytes of all parts that are known by now. */
export function bytesOf({ parts }: HostPull): Readonly<{ done: number; all: number }> {
  let done = 0;
  let all = 0;
  for (const part of parts.values()) {
    done += part.done;
    all += part.all;
  }
  return { done, all };
}
