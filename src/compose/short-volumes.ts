import { resolvePath } from './path.ts';

/** A short volume in the words of the long form. */
export type VolumeMapping = Readonly<{
  type: 'bind' | 'volume';
  /** Undefined for a volume without a name. */
  source: string | undefined;
  target: string;
  readOnly: boolean;
  nocopy: boolean;
  propagation: string | undefined;
  selinux: string | undefined;
  consistency: string | undefined;
}>;

const PROPAGATION = ['shared', 'slave', 'private', 'rshared', 'rslave', 'rprivate'];
const CONSISTENCY = ['cached', 'delegated', 'consistent'];

/**
 * `[SOURCE:]TARGET[:OPTIONS]` (compose-spec, services/volumes, short syntax). A source with `/`, `.` or `~` at its
 * beginning is a path, seen from `base`.
 * @returns what it says, or what is wrong in a sentence
 */
export function parseVolume(text: string, base: string, home: string | undefined): VolumeMapping | string {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part) => part === ''))
    return 'is no volume: write TARGET, SOURCE:TARGET or SOURCE:TARGET:OPTIONS';
  const [first = '', second, options = ''] = parts;
  const [source, target] = second === undefined ? [undefined, first] : [first, second];
  if (!target.startsWith('/'))
    return `has the target ${target}: it must be an absolute path in the container`;
  const isPath = source !== undefined && /^[./~]/.test(source);
  const path = isPath ? hostPath(source, base, home) : undefined;
  if (isPath && path === undefined)
    return `has the source ${source}, and HOME is not set: write the whole path`;
  const made = { readOnly: false, nocopy: false } as {
    -readonly [K in keyof VolumeMapping]?: VolumeMapping[K];
  };
  for (const option of options.split(',').filter(Boolean)) {
    if (option === 'ro' || option === 'rw') made.readOnly = option === 'ro';
    else if (option === 'nocopy') made.nocopy = true;
    else if (option === 'z' || option === 'Z') made.selinux = option;
    else if (PROPAGATION.includes(option)) made.propagation = option;
    else if (CONSISTENCY.includes(option)) made.consistency = option;
    else return `has the option ${option}: there are ro, rw, z, Z, nocopy, ${PROPAGATION.join(', ')}`;
  }
  return {
    type: isPath ? 'bind' : 'volume',
    source: path ?? source,
    target,
    readOnly: made.readOnly ?? false,
    nocopy: made.nocopy ?? false,
    propagation: made.propagation,
    selinux: made.selinux,
    consistency: made.consistency,
  };
}

/** A path of the machine that the files are on; undefined where `~` stands for a home that is not known. */
export function hostPath(path: string, base: string, home: string | undefined): string | undefined {
  if (path !== '~' && !path.startsWith('~/')) return resolvePath(base, path);
  return home === undefined ? undefined : resolvePath(home, `.${path.slice(1)}`);
}
