import type { Build } from '../../model/service.ts';
import type { Reader } from '../reader.ts';
import type { Lookup } from '../template.ts';

/** How the service's image is built; undefined where it is not. */
export function buildOf(service: Reader, lookup: Lookup): Build | undefined {
  const build = service.get('build');
  if (!build.isThere) return undefined;
  const get = (key: string) => build.get(key);
  const context = get('context').text ?? build.error('needs the key context: a folder or a URL') ?? '.';
  if (get('dockerfile').isThere && get('dockerfile_inline').isThere)
    get('dockerfile_inline').error('stands beside dockerfile: only one of them is possible');
  const args: [string, string][] = [];
  for (const [name, value] of get('args').entries) {
    const text = value.isThere ? value.text : lookup(name);
    if (text === undefined) value.warn('has no value here and is not set in the environment: it is left out');
    else args.push([name, text]);
  }
  return {
    context,
    dockerfile: get('dockerfile').text,
    dockerfileInline: get('dockerfile_inline').text,
    args: Object.fromEntries(args),
    labels: get('labels').pairs,
    target: get('target').text,
    network: get('network').text,
    cacheFrom: get('cache_from').texts,
    extraHosts: get('extra_hosts').entries.flatMap(([name, addresses]) =>
      addresses.texts.map((address) => `${name}:${address}`),
    ),
    tags: get('tags').texts,
    platforms: get('platforms').texts,
    noCache: get('no_cache').boolean ?? false,
    pull: get('pull').boolean ?? false,
    shmSize: get('shm_size').bytes,
  };
}
