import { LABEL_VOLUME_SCOPE } from './labels.ts';
import type { Volume } from './objects.ts';
import type { Service } from './service.ts';
import type { Stack, StackVolume } from './stack.ts';
import { volumeNames } from './volume-names.ts';

/** File systems that the engine's own driver mounts from elsewhere (`driver_opts.type`, mount(8)). */
const FROM_ELSEWHERE = /^(?:nfs4?|cifs|smb3|ceph|glusterfs|lustre|beegfs|9p|fuse(?:\..*)?)$/i;

/**
 * Whether containers on any host may have the volume: each of them makes it as it is described, and has what all have (NFS,
 * a volume plugin), or one of its own. All others are on one host, and hold their containers there. A label says so where
 * that is wrong: a plugin may keep what it has on its host.
 */
export function spansHosts({ spec, onEachHost }: Pick<Volume, 'spec' | 'onEachHost'>): boolean {
  if (onEachHost === true) return true;
  const scope = fieldOf(spec.Labels, LABEL_VOLUME_SCOPE);
  if (scope !== '') return scope === 'cluster';
  const driver = spec.Driver || 'local';
  return driver !== 'local' || FROM_ELSEWHERE.test(fieldOf(spec.DriverOpts, 'type'));
}

/** Used by services alone that have a container on each host: as in Docker's swarm mode, each has a volume of its own. */
export function isOnEachHost(stack: Pick<Stack, 'services'>, volume: StackVolume): boolean {
  const users = usersOf(stack, volume);
  return users.length > 0 && users.every(({ scale }) => scale.kind === 'global');
}

/** Names of the services whose containers are all on one host, as the volume is. */
export function heldBy(stack: Pick<Stack, 'services'>, volume: StackVolume): readonly string[] {
  const spans = spansHosts({ spec: volume.spec }) || isOnEachHost(stack, volume);
  return spans ? [] : usersOf(stack, volume).map(({ name }) => name);
}

function usersOf({ services }: Pick<Stack, 'services'>, { spec, key }: StackVolume): readonly Service[] {
  return services.filter(({ container }) => volumeNames(container).includes(spec.Name ?? key));
}

/** What is wrong with a volume's label; undefined where nothing is. */
export function scopeProblem({ Labels }: Volume['spec']): string | undefined {
  const scope = fieldOf(Labels, LABEL_VOLUME_SCOPE);
  if (scope === '' || scope === 'host' || scope === 'cluster') return undefined;
  return `label ${LABEL_VOLUME_SCOPE} is "${scope.slice(0, 80)}", and must be host or cluster`;
}

function fieldOf(fields: unknown, name: string): string {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return '';
  const value = (fields as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}
