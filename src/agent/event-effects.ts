import type { EngineEvent } from '../contract/link.ts';

export type ObjectKind = 'images' | 'networks' | 'volumes';

/** What must be looked at again after an event. */
export type Effects = Readonly<{ containers: readonly string[]; lists: readonly ObjectKind[] }>;

const NONE: Effects = { containers: [], lists: [] };

/** Container events after which nothing that is reported is different. */
const HARMLESS: ReadonlySet<string> = new Set([
  'archive-path',
  'attach',
  'copy',
  'detach',
  'exec_create',
  'exec_detach',
  'exec_die',
  'exec_start',
  'export',
  'extract-to-dir',
  'kill',
  'resize',
  'top',
]);

const EFFECTS: Readonly<Record<string, (action: string, event: EngineEvent) => Effects>> = {
  container: (action, { Actor }) => {
    if (action === 'commit') return { containers: [], lists: ['images'] };
    return HARMLESS.has(action) ? NONE : { containers: [Actor.ID], lists: [] };
  },
  image: () => ({ containers: [], lists: ['images'] }),
  builder: () => ({ containers: [], lists: ['images'] }),
  network: (action, { Actor }) => {
    const container = Actor.Attributes?.container;
    if (action === 'connect' || action === 'disconnect') {
      return container === undefined ? NONE : { containers: [container], lists: [] };
    }
    return { containers: [], lists: ['networks'] };
  },
  // Each start mounts and unmounts; the list is the same.
  volume: (action) =>
    action === 'mount' || action === 'unmount' ? NONE : { containers: [], lists: ['volumes'] },
};

export function affectedBy(event: EngineEvent): Effects {
  // "exec_create: sh -c …", "health_status: healthy"
  const action = event.Action.split(':')[0] ?? '';
  return EFFECTS[event.Type]?.(action, event) ?? NONE;
}
