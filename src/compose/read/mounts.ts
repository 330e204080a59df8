import { quoted } from '../problems.ts';
import type { Reader } from '../reader.ts';

type Mount = Readonly<Record<string, unknown>>;
/** Engine names of the stack's volumes by their keys. */
export type VolumeNames = ReadonlyMap<string, string>;

/**
 * `HostConfig.Binds` and `Mounts` of a service. What fits into a bind is one, so that the engine makes folders that are
 * missing on the host, as docker-compose has always done.
 */
export function mountsOf(service: Reader, volumes: VolumeNames): Readonly<Record<string, unknown>> {
  const binds: string[] = [];
  const mounts: Mount[] = [];
  const targets = new Map<string, string>();
  for (const item of service.get('volumes').items) {
    const target = item.get('target').text ?? '';
    if (!target.startsWith('/')) {
      item.error(`has the target ${quoted(target)}: it must be an absolute path in the container`);
      continue;
    }
    const other = targets.get(target);
    if (other !== undefined) item.error(`has the same target as ${other}: ${target}`);
    targets.set(target, item.key);
    const made = mountOf(item, target, volumes);
    if (typeof made === 'string') binds.push(made);
    else if (made !== undefined) mounts.push(made);
  }
  const memory = service.get('tmpfs');
  const tmpfs = memory.texts.map((text) => text.split(/:(.*)/s));
  for (const [path = ''] of tmpfs)
    if (!path.startsWith('/')) memory.error(`${quoted(path)} is no absolute path in the container`);
  return {
    ...(binds.length === 0 ? {} : { Binds: binds }),
    ...(mounts.length === 0 ? {} : { Mounts: mounts }),
    ...(tmpfs.length === 0
      ? {}
      : { Tmpfs: Object.fromEntries(tmpfs.map(([path = '', options = '']) => [path, options])) }),
  };
}

function mountOf(item: Reader, target: string, volumes: VolumeNames): string | Mount | undefined {
  const type = item.get('type').oneOf(['bind', 'volume', 'tmpfs', 'image', 'cluster', 'npipe']);
  const source = item.get('source').text;
  const readOnly = item.get('read_only').boolean ?? false;
  const base = { Target: target, ...(readOnly ? { ReadOnly: true } : {}) };
  if (type === 'bind') return bindOf(item, target, readOnly, source);
  if (type === 'volume') return volumeOf(item, target, readOnly, source, volumes);
  if (type === 'tmpfs') {
    const size = item.get('tmpfs').get('size').bytes;
    const mode = item.get('tmpfs').get('mode').mode;
    const options = {
      ...(size === undefined ? {} : { SizeBytes: size }),
      ...(mode === undefined ? {} : { Mode: mode }),
    };
    return {
      Type: 'tmpfs',
      ...base,
      ...(Object.keys(options).length === 0 ? {} : { TmpfsOptions: options }),
    };
  }
  if (type === 'image') {
    if (source === undefined) return item.error('needs the key source: the image');
    const subpath = item.get('image').get('subpath').text;
    return {
      Type: 'image',
      Source: source,
      ...base,
      ...(subpath === undefined ? {} : { ImageOptions: { Subpath: subpath } }),
    };
  }
  if (type !== undefined)
    item.get('type').error(`is ${type}, which hosts with Linux do not have: write bind, volume or tmpfs`);
  return undefined;
}

function bindOf(
  item: Reader,
  target: string,
  readOnly: boolean,
  source: string | undefined,
): string | Mount | undefined {
  if (source === undefined) return item.error('needs the key source: a path on the host');
  const options = item.get('bind');
  const propagation = options.get('propagation').text;
  const create = options.get('create_host_path').boolean ?? true;
  const recursive = options.get('recursive').text;
  const selinux = options.get('selinux').text;
  if (recursive === undefined && create && !source.includes(':') && !target.includes(':')) {
    const flags = [readOnly ? 'ro' : 'rw', selinux, propagation].filter((one) => one !== undefined);
    return `${source}:${target}:${flags.join(',')}`;
  }
  if (selinux !== undefined)
    options
      .get('selinux')
      .error('goes with no other option of bind than propagation: leave recursive and create_host_path out');
  return {
    Type: 'bind',
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    BindOptions: {
      ...(propagation === undefined ? {} : { Propagation: propagation }),
      ...(create ? { CreateMountpoint: true } : {}),
      ...(recursive === 'disabled' ? { NonRecursive: true } : {}),
      ...(recursive === 'writable' ? { ReadOnlyNonRecursive: true } : {}),
      ...(recursive === 'readonly' ? { ReadOnlyForceRecursive: true } : {}),
    },
  };
}

function volumeOf(
  item: Reader,
  target: string,
  readOnly: boolean,
  source: string | undefined,
  volumes: VolumeNames,
): string | Mount | undefined {
  const options = item.get('volume');
  const name = source === undefined ? undefined : volumes.get(source);
  if (source !== undefined && name === undefined)
    return item.error(
      `uses the volume ${quoted(source)}, which is not under volumes: declare it there, or begin a path with ./ or /`,
    );
  const noCopy = options.get('nocopy').boolean ?? false;
  const subpath = options.get('subpath').text;
  const labels = options.get('labels').pairs;
  const plain = subpath === undefined && Object.keys(labels).length === 0;
  if (name !== undefined && plain && !target.includes(':'))
    return `${name}:${target}:${readOnly ? 'ro' : 'rw'}${noCopy ? ',nocopy' : ''}`;
  return {
    Type: 'volume',
    ...(name === undefined ? {} : { Source: name }),
    Target: target,
    ReadOnly: readOnly,
    VolumeOptions: {
      ...(noCopy ? { NoCopy: true } : {}),
      ...(subpath === undefined ? {} : { Subpath: subpath }),
      ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
    },
  };
}
