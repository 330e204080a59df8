import { BerthError } from '../../kit/errors.ts';
import type { DockerRoute } from './call.ts';

export type Match = Readonly<{ route: DockerRoute; params: Readonly<Record<string, string>> }>;

type Compiled = Readonly<{ route: DockerRoute; pattern: RegExp; names: readonly string[] }>;

/** First words of paths that Docker knows and Berth does not serve. */
const UNSERVED: ReadonlySet<string> = new Set([
  'swarm',
  'services',
  'tasks',
  'nodes',
  'secrets',
  'configs',
  'plugins',
]);

/** Finds the route of a request; the first that fits, in the order of the registry. */
export class Router {
  private readonly byMethod = new Map<string, Compiled[]>();

  constructor(routes: readonly DockerRoute[]) {
    for (const route of routes) {
      const list = this.byMethod.get(route.method) ?? [];
      this.byMethod.set(route.method, [...list, compile(route)]);
    }
  }

  /**
   * @param path without the version prefix and the query, not decoded
   * @throws BerthError `not_found` in Docker's words; `unsupported`; `bad_request` for an escape that cannot be decoded
   */
  find(method: string, path: string): Match {
    for (const { route, pattern, names } of this.byMethod.get(method) ?? []) {
      const found = pattern.exec(path);
      if (found === null) continue;
      const params: Record<string, string> = {};
      for (const [i, name] of names.entries()) params[name] = decode(found[i + 1] ?? '');
      return { route, params };
    }
    const first = path.split('/')[1] ?? '';
    if (UNSERVED.has(first)) {
      throw new BerthError(
        'unsupported',
        `${method} ${path}: Berth does not serve that part of Docker's "${first}" API`,
      );
    }
    throw new BerthError('not_found', 'page not found');
  }
}

function compile(route: DockerRoute): Compiled {
  const names: string[] = [];
  const source = route.pattern
    .split('/')
    .map((part) => {
      if (!part.startsWith(':')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const rest = part.endsWith('*');
      names.push(rest ? part.slice(1, -1) : part.slice(1));
      return rest ? '(.+)' : '([^/]+)';
    })
    .join('/');
  return { route, pattern: new RegExp(`^${source}/?$`), names };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BerthError('bad_request', `"${text}" in the path is not valid percent-encoding`);
  }
}
