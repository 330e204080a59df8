import { child, type MapNode, mapValues, textOf, withEntries } from './tree.ts';

/** Without the services whose profiles are all inactive; `*` activates all (compose-spec, 15-profiles.md). */
export function withProfiles(tree: MapNode, active: readonly string[]): MapNode {
  const services = child(tree, 'services');
  if (services?.kind !== 'map' || active.includes('*')) return tree;
  const entries = [...services.entries].filter(([, { value }]) => {
    const profiles = child(value, 'profiles');
    if (profiles?.kind !== 'list' || profiles.items.length === 0) return true;
    return profiles.items.some((item) => active.includes(textOf(item) ?? ''));
  });
  return withEntries(tree, { services: { ...services, entries: new Map(entries) } });
}

/** Profiles were chosen: what is left has none. */
export function withoutProfileKeys(tree: MapNode): MapNode {
  const services = child(tree, 'services');
  if (services?.kind !== 'map') return tree;
  const without = mapValues(services, (service) =>
    service.kind === 'map' ? withEntries(service, { profiles: undefined }) : service,
  );
  return withEntries(tree, { services: without });
}
