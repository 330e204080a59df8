import type { RouteInput, RouteOutput } from '../../../../src/contract/v1/route.ts';
import type { Routes } from '../../../../src/contract/v1/routes.ts';

export type Source = RouteInput<Routes['stack.check']>['source'];
export type Checked = RouteOutput<Routes['stack.check']>;
export type Content = Readonly<{ path: string; content: string }>;

/** What is being written: a source, with files of configs and secrets that are never kept here. */
export type Draft = Readonly<{
  name: string;
  source: Source;
  contents: readonly Content[];
  /** The stack as it was when the draft was begun, 0 and none of a new one. */
  base: Readonly<{ generation: number; source: Source | null }>;
  /** Milliseconds since the epoch, of the last change. */
  at: number;
}>;

/** The files of a draft's source by their paths, and its variables. */
export const VARIABLES = '.env';

export function textOf({ source }: Draft, path: string): string {
  if (path === VARIABLES) return source.variables;
  return source.files.find((one) => one.path === path)?.text ?? '';
}

export function withText(draft: Draft, path: string, text: string): Draft {
  const { source } = draft;
  if (path === VARIABLES) return { ...draft, source: { ...source, variables: text } };
  const isKnown = source.files.some((one) => one.path === path);
  const files = isKnown
    ? source.files.map((one) => (one.path === path ? { path, text } : one))
    : [...source.files, { path, text }];
  return { ...draft, source: { ...source, files } };
}

/** Of a compose file what it names stays to be found, and is a mistake there. */
export function withoutFile(draft: Draft, path: string): Draft {
  const { source, contents } = draft;
  return {
    ...draft,
    source: { ...source, files: source.files.filter((one) => one.path !== path) },
    contents: contents.filter((one) => one.path !== path),
  };
}

export function withContent(draft: Draft, path: string, content: string): Draft {
  return { ...draft, contents: [...draft.contents.filter((one) => one.path !== path), { path, content }] };
}

/** True where something was typed that is not in the cluster. */
export function isChanged({ source, base, contents }: Draft): boolean {
  return contents.length > 0 || JSON.stringify(source) !== JSON.stringify(base.source);
}

/** A draft that was read from the browser, with what it does not keep, as the cluster has it now. */
export function revived(draft: Draft, now: Draft['base']): Draft {
  const { source, base } = draft;
  const own = new Set(source.files.map(({ path }) => path));
  const others = now.source?.files.filter(({ path }) => !own.has(path)) ?? [];
  const isSame = now.generation === base.generation;
  return {
    ...draft,
    source: { ...source, files: [...source.files, ...others], variables: now.source?.variables ?? '' },
    base: isSame ? now : base,
  };
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
const PREFIX = 'berth-draft/';

/**
 * Drafts of one user, in this tab: whole while the page is open, and, over a reload, what stands in compose files.
 * Variables and contents of configs and secrets may be secret, and are never written anywhere.
 */
export class Drafts {
  /** Those that were typed while this page was open. */
  readonly #open = new Map<string, Draft>();
  readonly #storage: Storage | undefined;
  readonly #user: string;

  constructor(user: string, storage: Storage | undefined) {
    this.#user = user;
    this.#storage = storage;
    this.#dropOthers();
  }

  /** Of a stack; of a new one under an empty name. @param now the stack as it is */
  get(stack: string, now: Draft['base']): Draft | undefined {
    const open = this.#open.get(stack);
    if (open !== undefined) return open;
    const text = this.#storage?.getItem(this.#key(stack));
    if (text === null || text === undefined) return undefined;
    try {
      return revived(JSON.parse(text) as Draft, now);
    } catch {
      return undefined;
    }
  }

  put(stack: string, draft: Draft): void {
    this.#open.set(stack, draft);
    const { name, source, base, at } = draft;
    const { folder, compose, profiles } = source;
    const files = source.files.filter(({ path }) => compose.includes(path));
    const kept: Draft = {
      ...{ name, at, contents: [], source: { folder, compose, profiles, files, variables: '' } },
      base: { generation: base.generation, source: null },
    };
    try {
      this.#storage?.setItem(this.#key(stack), JSON.stringify(kept));
    } catch {
      // It is full, or there is none: the draft is there as long as the page is.
    }
  }

  drop(stack: string): void {
    this.#open.delete(stack);
    this.#storage?.removeItem(this.#key(stack));
  }

  #key(stack: string): string {
    return `${PREFIX}${this.#user}/${stack}`;
  }

  /** What another user has typed in this tab is not this one's. */
  #dropOthers(): void {
    const storage = this.#storage;
    if (storage === undefined) return;
    const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '');
    for (const key of keys)
      if (key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}${this.#user}/`)) storage.removeItem(key);
  }
}
