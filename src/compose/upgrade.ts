import { type Problems, quoted } from './problems.ts';
import {
  child,
  isNull,
  keyPath,
  type MapNode,
  map,
  mapOf,
  mapValues,
  scalar,
  type TreeNode,
  textOf,
  withEntries,
} from './tree.ts';

/** Keys at the top of a file of version 2 or later. */
const TOP = ['version', 'name', 'services', 'networks', 'volumes', 'secrets', 'configs', 'models', 'include'];

/**
 * A file of any version in the form of the current specification: services of version 1 stand under `services`, keys
 * that later versions have renamed get their new names, `version` is taken out.
 */
export function upgrade(tree: MapNode, problems: Problems): MapNode {
  const isFirst = isVersionOne(tree);
  const file = isFirst ? underServices(tree) : withoutVersion(tree, problems);
  const services = child(file, 'services');
  if (services?.kind !== 'map') return file;
  const upgraded = mapValues(services, (service, name) =>
    service.kind === 'map'
      ? upgradeService(service, keyPath(isFirst ? '' : 'services', name), problems)
      : service,
  );
  return withEntries(file, { services: upgraded });
}

/** No key of later versions, and services, which are maps, at the top. */
function isVersionOne(tree: MapNode): boolean {
  const keys = [...tree.entries.keys()].filter((key) => !key.startsWith('x-'));
  return (
    keys.length > 0 &&
    !tree.entries.has('services') &&
    !tree.entries.has('include') &&
    keys.every((key) => child(tree, key)?.kind === 'map') &&
    (!keys.every((key) => TOP.includes(key)) || keys.some((key) => looksLikeService(child(tree, key))))
  );
}

function looksLikeService(node: TreeNode | undefined): boolean {
  return ['image', 'build', 'extends'].some((key) => child(node, key)?.kind === 'scalar');
}

function underServices(tree: MapNode): MapNode {
  const isExtension = (key: string) => key.startsWith('x-');
  const services = map(
    tree.at,
    [...tree.entries].filter(([key]) => !isExtension(key)),
  );
  const rest = [...tree.entries].filter(([key]) => isExtension(key));
  return map(tree.at, [...rest, ['services', { keyAt: tree.at, value: services }]]);
}

function withoutVersion(tree: MapNode, problems: Problems): MapNode {
  const entry = tree.entries.get('version');
  if (entry === undefined) return tree;
  const version = textOf(entry.value);
  if (version === undefined || !/^[123](\.\d{1,2})?$/.test(version))
    problems.error(
      entry.value.at,
      'version',
      `${version === undefined ? 'is no text' : `${quoted(version)} is unknown`}: remove it, or write 1, 2, 2.x, 3 or 3.x`,
    );
  else if (version.startsWith('1'))
    problems.error(entry.value.at, 'version', 'a file of version 1 has no version key: remove it');
  return withEntries(tree, { version: undefined });
}

/** Where the key `external` of a service goes, which Aliyun's files have: the specification allows keys of this form. */
export const EXTERNAL_KEY = 'x-external';

type Rename = (service: MapNode, value: TreeNode) => Readonly<Record<string, TreeNode | undefined>>;

/** Keys that the specification no longer has, and what they are now. */
const RENAMED: Readonly<Record<string, Rename>> = {
  net: (_, value) => ({ network_mode: value }),
  dockerfile: (service, value) => ({
    build: buildOf(child(service, 'build'), value),
  }),
  external: (_, value) => ({ [EXTERNAL_KEY]: value }),
  log_driver: (service, value) => ({
    logging: mapOf(value.at, { ...loggingOf(service), driver: value }),
  }),
  log_opt: (service, value) => ({
    logging: mapOf(value.at, { ...loggingOf(service), options: value }),
  }),
};

function upgradeService(service: MapNode, path: string, problems: Problems): MapNode {
  const driver = service.entries.get('volume_driver');
  if (driver !== undefined)
    problems.error(
      driver.keyAt,
      keyPath(path, 'volume_driver'),
      'is of version 1 alone: declare the volume under volumes, with its driver',
    );
  let made = driver === undefined ? service : withEntries(service, { volume_driver: undefined });
  for (const [old, rename] of Object.entries(RENAMED)) {
    const value = child(made, old);
    if (value === undefined) continue;
    const changes = rename(made, value);
    for (const key of Object.keys(changes))
      if (made.entries.has(key) && key === 'network_mode')
        problems.error(
          value.at,
          keyPath(path, old),
          `stands beside ${key}, which is its newer name: remove one`,
        );
    made = withEntries(made, { ...changes, [old]: undefined });
  }
  return made;
}

function buildOf(build: TreeNode | undefined, dockerfile: TreeNode): TreeNode {
  if (build?.kind === 'map') return withEntries(build, { dockerfile });
  return mapOf(dockerfile.at, {
    context: build === undefined || isNull(build) ? scalar(dockerfile.at, '.') : build,
    dockerfile,
  });
}

function loggingOf(service: MapNode): Readonly<Record<string, TreeNode | undefined>> {
  const logging = child(service, 'logging');
  return { driver: child(logging, 'driver'), options: child(logging, 'options') };
}
