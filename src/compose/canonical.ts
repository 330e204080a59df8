import { type Place, type Problems, quoted } from './problems.ts';
import { parsePorts } from './short-ports.ts';
import { hostPath, parseVolume } from './short-volumes.ts';
import {
  child,
  isNull,
  keyPath,
  list,
  type MapNode,
  map,
  mapOf,
  mapValues,
  scalar,
  type TreeNode,
  textOf,
  withEntries,
} from './tree.ts';
import { splitWords } from './units.ts';

/** From where a file's paths are seen, and what `~` is. */
export type PathBase = Readonly<{ folder: string; home: string | undefined }>;

type Context = PathBase & Readonly<{ problems: Problems }>;
type Change = (node: TreeNode, path: string, context: Context) => TreeNode;

/** Environment forms that are expressions for the scheduler (classic Swarm, and Berth's availability). */
export const EXPRESSION = /^(?:constraint|affinity|whitelist|reschedule|availability):/;

/**
 * The long form of everything that a file may write shorter, and absolute paths: what merging needs, and what
 * `docker compose config` prints. The tree is valid by the schema.
 */
export function canonical(tree: MapNode, base: PathBase, problems: Problems): MapNode {
  const context = { ...base, problems };
  const changes: Record<string, TreeNode | undefined> = {};
  const section = (key: string, change: Change) => {
    const node = child(tree, key);
    if (node?.kind !== 'map' || node.tag === 'reset') return;
    changes[key] = mapValues(node, (value, name) =>
      tagged(value, change(value, keyPath(key, name), context)),
    );
  };
  section('services', service);
  section('networks', named);
  section('volumes', named);
  section('secrets', fileObject);
  section('configs', fileObject);
  return withEntries(tree, changes);
}

/** A changed node keeps what was said about merging it. */
function tagged(before: TreeNode, after: TreeNode): TreeNode {
  return before.tag === undefined ? after : { ...after, tag: before.tag };
}

function fields(changes: Readonly<Record<string, Change>>): Change {
  return (node, path, context) => {
    if (node.kind !== 'map') return node;
    const made: Record<string, TreeNode> = {};
    for (const [key, change] of Object.entries(changes)) {
      const value = child(node, key);
      if (value === undefined || value.tag === 'reset') continue;
      made[key] = tagged(value, change(value, keyPath(path, key), context));
    }
    return withEntries(node, made);
  };
}

const items =
  (change: Change): Change =>
  (node, path, context) =>
    node.kind === 'list'
      ? { ...node, items: node.items.map((item, i) => change(item, keyPath(path, i), context)) }
      : node;

const asList: Change = (node) =>
  node.kind === 'scalar' && node.value !== null ? list(node.at, [node]) : node;
const path: Change = (node, key, context) => resolved(node, key, context);

/** `[a, b]` as a map of what `value` makes. */
function mapOfNames(value: (at: Place) => TreeNode): Change {
  return (node) =>
    node.kind === 'list'
      ? map(
          node.at,
          node.items.map((item) => [textOf(item) ?? '', { keyAt: item.at, value: value(item.at) }] as const),
        )
      : node;
}

/** `[A=1, B]` as a map; `bare` is the value of a name alone. */
function pairs(bare: null | ''): Change {
  return (node) => {
    if (node.kind !== 'list') return node;
    return map(
      node.at,
      node.items.map((item) => {
        const text = textOf(item) ?? '';
        const end = text.indexOf('=');
        const [key, value] = end < 0 ? [text, bare] : [text.slice(0, end), text.slice(end + 1)];
        return [key, { keyAt: item.at, value: scalar(item.at, value) }] as const;
      }),
    );
  };
}

/** As `pairs`, but an expression is a key as a whole: there may be several about the same name. */
const environment: Change = (node, key, context) => {
  if (node.kind === 'list') {
    const texts = node.items.filter((item) => EXPRESSION.test(textOf(item) ?? ''));
    const rest = { ...node, items: node.items.filter((item) => !EXPRESSION.test(textOf(item) ?? '')) };
    const made = pairs(null)(rest, key, context);
    return made.kind === 'map' && texts.length > 0
      ? map(node.at, [...made.entries, ...texts.map((item) => expressionEntry(item.at, textOf(item) ?? ''))])
      : made;
  }
  if (node.kind !== 'map') return node;
  return map(
    node.at,
    [...node.entries].map(([name, entry]) => {
      if (!EXPRESSION.test(name)) return [name, entry] as const;
      const value = textOf(entry.value);
      return expressionEntry(entry.keyAt, value === undefined ? name : `${name}=${value}`);
    }),
  );
};

function expressionEntry(at: Place, text: string) {
  return [text, { keyAt: at, value: scalar(at, null) }] as const;
}

const words: Change = (node, key, { problems }) => {
  if (node.kind !== 'scalar' || node.value === null) return node;
  const split = splitWords(String(node.value));
  if (split === undefined) {
    problems.error(node.at, key, `${quoted(node.value)} has a quote that is never closed`);
    return list(node.at, []);
  }
  return list(
    node.at,
    split.map((word) => scalar(node.at, word)),
  );
};

const healthTest: Change = (node) =>
  node.kind === 'scalar' && node.value !== null ? list(node.at, [scalar(node.at, 'CMD-SHELL'), node]) : node;

function resolved(node: TreeNode, key: string, { folder, home, problems }: Context): TreeNode {
  const text = textOf(node);
  if (text === undefined) return node;
  const whole = hostPath(text, folder, home);
  if (whole === undefined)
    problems.error(node.at, key, `${quoted(text)} begins with ~, and HOME is not set: write the whole path`);
  return scalar(node.at, whole ?? text);
}

/** Contexts may be elsewhere: `https://…`, `git@…`, `docker-image://…`, `service:…`. */
const buildContext: Change = (node, key, context) =>
  /^(?:[a-z][a-z0-9+.-]*:|git@|github\.com\/)/i.test(textOf(node) ?? '')
    ? node
    : resolved(node, key, context);

const build: Change = (node, key, context) => {
  const long = node.kind === 'scalar' && node.value !== null ? mapOf(node.at, { context: node }) : node;
  return fields({
    context: buildContext,
    args: pairs(null),
    labels: pairs(''),
    additional_contexts: pairs(''),
    extra_hosts: extraHosts,
    ulimits: ulimits,
    secrets: fileGrants,
    ssh: pairs(''),
  })(long, key, context);
};

function extraHosts(node: TreeNode, key: string, { problems }: Context): TreeNode {
  const hosts = new Map<string, { at: Place; addresses: TreeNode[] }>();
  const add = (at: Place, name: string, addresses: readonly TreeNode[]) => {
    const before = hosts.get(name);
    if (before === undefined) hosts.set(name, { at, addresses: [...addresses] });
    else before.addresses.push(...addresses);
  };
  if (node.kind === 'map')
    for (const [name, { keyAt, value }] of node.entries)
      add(keyAt, name, value.kind === 'list' ? value.items : [value]);
  else if (node.kind === 'list')
    for (const item of node.items) {
      const [, name, address] = /^([^:=\s]+)\s*[:=]\s*(\S+)$/.exec(textOf(item) ?? '') ?? [];
      if (name === undefined || address === undefined)
        problems.error(item.at, key, `${quoted(textOf(item) ?? '')} is no host: write NAME=ADDRESS`);
      else add(item.at, name, [scalar(item.at, address)]);
    }
  return map(
    node.at,
    [...hosts].map(([name, { at, addresses }]) => [name, { keyAt: at, value: list(at, addresses) }] as const),
  );
}

function ulimits(node: TreeNode): TreeNode {
  if (node.kind !== 'map') return node;
  return mapValues(node, (value) =>
    value.kind === 'scalar' ? mapOf(value.at, { soft: value, hard: value }) : value,
  );
}

const fileGrants: Change = (node) =>
  node.kind === 'list'
    ? {
        ...node,
        items: node.items.map((item) => (item.kind === 'scalar' ? mapOf(item.at, { source: item }) : item)),
      }
    : node;

const devices: Change = (node, key, { problems }) =>
  items((item, path) => {
    if (item.kind !== 'scalar') return item;
    const [source = '', target = source, permissions = 'rwm', ...more] = (textOf(item) ?? '').split(':');
    // A device by its CDI name (`vendor.com/class=name`) has no path.
    if (source.includes('=') && more.length === 0) return mapOf(item.at, { source: item });
    if (
      !source.startsWith('/') ||
      !target.startsWith('/') ||
      !/^[rwm]{1,3}$/.test(permissions) ||
      more.length > 0
    )
      problems.error(
        item.at,
        path,
        `${quoted(textOf(item) ?? '')} is no device: write /dev/HOST:/dev/CONTAINER:rwm`,
      );
    return mapOf(item.at, {
      source: scalar(item.at, source),
      target: scalar(item.at, target),
      permissions: scalar(item.at, permissions),
    });
  })(node, key, { problems, folder: '', home: undefined });

/** Characters that a port's long form comes to, with all that is made of it. */
const PORT_COST = 500;

const ports: Change = (node, key, { problems }) => {
  if (node.kind !== 'list') return node;
  const long = node.items.flatMap((item, i): TreeNode[] => {
    if (item.kind !== 'scalar') return [item];
    const text = textOf(item) ?? '';
    const found = parsePorts(text);
    if (typeof found === 'string') {
      problems.error(item.at, keyPath(key, i), `${quoted(text)} ${found}`);
      return [];
    }
    const { at } = item;
    problems.spend(found.length * PORT_COST, at, keyPath(key, i));
    return found.map(({ hostIp, published, target, protocol }) =>
      mapOf(at, {
        host_ip: hostIp === '' ? undefined : scalar(at, hostIp),
        target: scalar(at, target),
        published: published === '' ? undefined : scalar(at, published),
        protocol: scalar(at, protocol),
      }),
    );
  });
  return { ...node, items: long };
};

const volumes: Change = (node, key, context) =>
  items((item, at) =>
    item.kind === 'scalar' ? shortVolume(item, at, context) : longVolume(item, at, context),
  )(node, key, context);

function shortVolume(node: TreeNode, key: string, { folder, home, problems }: Context): TreeNode {
  const text = textOf(node) ?? '';
  const found = parseVolume(text, folder, home);
  if (typeof found === 'string') {
    problems.error(node.at, key, `${quoted(text)} ${found}`);
    return mapOf(node.at, { type: scalar(node.at, 'volume') });
  }
  const { at } = node;
  const value = (one: string | true | undefined) => (one === undefined ? undefined : scalar(at, one));
  const bind = {
    propagation: value(found.propagation),
    selinux: value(found.selinux),
    create_host_path: value(true),
  };
  return mapOf(at, {
    type: scalar(at, found.type),
    source: value(found.source),
    target: scalar(at, found.target),
    read_only: found.readOnly ? scalar(at, true) : undefined,
    consistency: value(found.consistency),
    bind: found.type === 'bind' ? mapOf(at, bind) : undefined,
    volume: found.nocopy ? mapOf(at, { nocopy: scalar(at, true) }) : undefined,
  });
}

function longVolume(node: TreeNode, key: string, context: Context): TreeNode {
  return textOf(child(node, 'type')) === 'bind' ? fields({ source: path })(node, key, context) : node;
}

const dependsOn: Change = (node, key, context) => {
  const condition = (at: Place) => mapOf(at, { condition: scalar(at, 'service_started') });
  return mapOfNames(condition)(node, key, context);
};

const envFiles: Change = (node, key, context) =>
  items((item, at) =>
    item.kind === 'scalar'
      ? mapOf(item.at, { path: resolved(item, at, context), required: scalar(item.at, true) })
      : fields({ path })(item, at, context),
  )(asList(node, key, context), key, context);

const extendsOf: Change = (node, key, context) =>
  fields({ file: path })(node.kind === 'scalar' ? mapOf(node.at, { service: node }) : node, key, context);

const pathList: Change = (node, key, context) => items(path)(asList(node, key, context), key, context);

const gpus: Change = (node) =>
  node.kind === 'scalar' ? list(node.at, [mapOf(node.at, { count: scalar(node.at, 'all') })]) : node;

const hooks = items(fields({ command: words, environment }));

const service = fields({
  annotations: pairs(''),
  build,
  command: words,
  configs: fileGrants,
  depends_on: dependsOn,
  deploy: fields({ labels: pairs('') }),
  devices,
  dns: asList,
  dns_search: asList,
  entrypoint: words,
  env_file: envFiles,
  environment,
  extends: extendsOf,
  extra_hosts: extraHosts,
  gpus,
  healthcheck: fields({ test: healthTest }),
  label_file: pathList,
  labels: pairs(''),
  networks: mapOfNames((at) => scalar(at, null)),
  ports,
  post_start: hooks,
  pre_stop: hooks,
  secrets: fileGrants,
  sysctls: pairs(''),
  tmpfs: asList,
  ulimits,
  volumes,
});

/** `external: {name: x}` of older versions is `external: true` and `name: x`. */
const external: Change = (node) => {
  const outside = child(node, 'external');
  if (node.kind !== 'map' || outside?.kind !== 'map') return node;
  const name = child(outside, 'name');
  return withEntries(node, {
    external: scalar(outside.at, true),
    ...(name === undefined || isNull(name) ? {} : { name }),
  });
};

const named: Change = (node, key, context) =>
  fields({ labels: pairs('') })(external(node, key, context), key, context);
const fileObject: Change = (node, key, context) =>
  fields({ labels: pairs(''), file: path })(external(node, key, context), key, context);
