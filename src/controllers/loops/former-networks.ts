import type { Logger } from '../../kit/logger.ts';
import { releaseKey, type ServiceRecord, type StackRecord } from '../../model/deployment.ts';
import { networkNames } from '../../model/network-names.ts';
import type { Service } from '../../model/service.ts';
import type { StackNetwork } from '../../model/stack.ts';
import { releaseBefore, releasesOf } from '../../store/releases.ts';
import type { ReadTx, Store } from '../../store/store.ts';
import type { ServiceHands } from './service-hands.ts';

type Deps = Readonly<{ store: Store; hands: ServiceHands; logger: Logger }>;

/**
 * Takes networks of a stack's earlier files away once neither its services have them nor a release that may still go back
 * would, and forgets those that no release is left with.
 * @returns whether one of them stays because of something else that uses it
 */
export async function dropFormerNetworks(
  { name, formerNetworks = [] }: StackRecord,
  { store, hands, logger }: Deps,
): Promise<boolean> {
  if (formerNetworks.length === 0) return false;
  const over = store.view((tx) => {
    const needed = namesIn(servicesOf(tx, name).flatMap((record) => servedBy(tx, record)));
    return formerNetworks.filter(({ spec }) => isThere(tx, spec.Name) && !needed.has(spec.Name));
  });
  const stay = over.length === 0 ? [] : await hands.dropNetworks(over, 'keep');
  for (const reason of stay) logger.debug({ stack: name, reason }, 'network of an earlier file kept');
  if (store.view((tx) => formerNetworks.some((one) => isForgotten(tx, name, one))))
    await store.update((tx) => {
      const record = tx.get('stacks', name);
      const left = record?.formerNetworks?.filter((one) => !isForgotten(tx, name, one));
      if (record === undefined || left === undefined) return;
      const { formerNetworks: _, ...rest } = record;
      tx.put('stacks', left.length === 0 ? rest : { ...rest, formerNetworks: left });
    });
  return stay.length > 0;
}

/** What a service is to be, and what it would be again if its release failed. */
function servedBy(tx: ReadTx, record: ServiceRecord): readonly Service[] {
  const release = tx.get('releases', releaseKey(record.stack, record.name, record.release));
  const fallback = release?.state === 'done' ? undefined : releaseBefore(tx, record, record.release);
  return [record.service, ...(fallback === undefined ? [] : [fallback.spec])];
}

function isForgotten(tx: ReadTx, stack: string, { spec }: StackNetwork): boolean {
  if (isThere(tx, spec.Name)) return false;
  const releases = servicesOf(tx, stack).flatMap((record) => releasesOf(tx, stack, record.name));
  return !namesIn(releases.map((release) => release.spec)).has(spec.Name);
}

function isThere(tx: ReadTx, network: string): boolean {
  return [...tx.by('networks', 'name', network)].length > 0;
}

function servicesOf(tx: ReadTx, stack: string): readonly ServiceRecord[] {
  return [...tx.by('services', 'stack', stack)];
}

/** Networks that containers of such services are on, by name. */
function namesIn(services: readonly Service[]): ReadonlySet<string> {
  return new Set(services.flatMap(({ container }) => networkNames(container)));
}
