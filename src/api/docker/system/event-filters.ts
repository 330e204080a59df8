import type { ClusterEvent } from '../../events/cluster-events.ts';
import { type Filters, labelsMatch } from '../query.ts';

/** What `docker events --filter` takes. */
export const EVENT_FILTERS = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
] as const;

/** Kinds of objects whose filter is a name or an ID, or the beginning of one. */
const BY_NAME = [
  'config',
  'container',
  'daemon',
  'network',
  'plugin',
  'secret',
  'service',
  'volume',
] as const;
/** Actions that carry more behind a colon (`exec_create: sh`): a filter for them matches the beginning. */
const WITH_DETAIL: ReadonlySet<string> = new Set(['health_status', 'exec_create', 'exec_start']);

/** True where the event passes the filters (moby: daemon/events/filter.go); values of one filter are alternatives. */
export function eventMatches(event: ClusterEvent, filters: Filters): boolean {
  const attributes = event.Actor.Attributes ?? {};
  const has = (name: string, test: (value: string) => boolean) => {
    const values = filters.get(name);
    return values === undefined || values.length === 0 || values.some(test);
  };
  const scope = typeof event.scope === 'string' ? event.scope : 'local';
  return (
    has('event', (value) => actionMatches(event.Action, value)) &&
    has('type', (value) => value === event.Type) &&
    has('scope', (value) => value === scope) &&
    has('image', (value) => imageMatches(event, value)) &&
    has('node', (value) => value === attributes['node.name'] || value === attributes['node.id']) &&
    labelsMatch(attributes, filters.get('label') ?? []) &&
    BY_NAME.every((kind) =>
      has(
        kind,
        (value) =>
          // As in Docker, a filter for one kind leaves the events of all others out.
          event.Type === kind &&
          (event.Actor.ID.startsWith(value) || (attributes.name ?? '').startsWith(value)),
      ),
    )
  );
}

function actionMatches(action: string, value: string): boolean {
  if (action === value) return true;
  return WITH_DETAIL.has(value) && action.startsWith(value);
}

/** An image's own events, and those of the containers made from it; with or without a tag. */
function imageMatches(event: ClusterEvent, value: string): boolean {
  const attributes = event.Actor.Attributes ?? {};
  const name = (event.Type === 'image' ? attributes.name : attributes.image) ?? '';
  const id = event.Actor.ID;
  return [id, name, stripTag(id), stripTag(name)].includes(value) && value !== '';
}

function stripTag(reference: string): string {
  const [name = ''] = reference.split('@', 1);
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
