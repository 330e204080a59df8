import type { ReadTx } from '../../../store/store.ts';
import { findNetwork, shownName } from '../networks/find-network.ts';
import { at, type Json, withAt } from './spec/part.ts';

const PATH = 'TaskTemplate.Networks';
type Attachment = Readonly<{ Target: string }>;

/** The spec with IDs of networks in place of their names, as Docker has them; one that is not there keeps its name. */
export function withNetworkIds(tx: ReadTx, spec: Json): Json {
  return mapped(spec, (name) => {
    const [record] = tx.by('networks', 'name', name);
    return record?.id ?? name;
  });
}

/**
 * The spec with names in place of IDs, and the networks of older clients where they are now.
 * @throws BerthError `not_found` in Docker's words for a network that is not there
 */
export function withNetworkNames(tx: ReadTx, spec: Json): Json {
  const older = at(spec, PATH) === undefined || at(spec, PATH) === null ? spec.Networks : undefined;
  const moved = older === undefined || older === null ? spec : withAt(spec, PATH, older);
  return mapped(moved, (target) => {
    if (target === 'host' || target === 'none') return target;
    const found = findNetwork(tx, target);
    return found.kind === 'cluster' ? found.record.name : shownName(tx, found);
  });
}

function mapped(spec: Json, change: (target: string) => string): Json {
  const list = at(spec, PATH);
  if (!Array.isArray(list)) return spec;
  return withAt(
    spec,
    PATH,
    (list as Attachment[]).map((one) => ({ ...one, Target: change(one.Target) })),
  );
}
