import { BerthError } from '../../kit/errors.ts';
import type { Container, DockerSpec } from '../../model/container.ts';
import { say } from '../../model/said/index.ts';
import { placementRequest } from '../../scheduler/request.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import type { Bench } from '../plan/moves.ts';

/** Chooses hosts: the API's placer fits. Synchronous; sees what was written before in the same transaction. */
export interface HostChooser {
  /** @throws BerthError `no_room`, `not_found`, `bad_request` */
  place(tx: ReadTx, request: Readonly<{ name: string; spec: DockerSpec }>): Readonly<{ hostId: string }>;
}

/** Carries nothing: what was written in the transaction is only there to be looked at. */
const TAKEN_BACK = new Error('planned, and taken back');

/**
 * Runs `plan` at once in a transaction that is then taken back, and returns what it returned: the placer sees what it
 * would see, and nobody else sees anything. Between this and a `store.update` right after it nothing can change.
 */
export function planned<R>(store: Store, plan: (tx: WriteTx) => R): R {
  let done: { result: R } | undefined;
  let failure: unknown;
  store
    .update((tx) => {
      try {
        done = { result: plan(tx) };
      } catch (thrown) {
        failure = thrown;
      }
      throw TAKEN_BACK;
    })
    // Always: it rejects with `TAKEN_BACK`, or because the store is closed, which is told below.
    .catch(() => undefined);
  if (done !== undefined) return done.result;
  throw failure ?? new BerthError('unavailable', 'the store is closed: the manager is stopping');
}

/** Host without an ID: a container that is lifted counts nowhere. */
const NOWHERE = '';
/** Why hosts are not asked, in the words of a refusal. */
const REFUSED_IT = say('moves.refused');
const IS_THERE = say('moves.there');
/** Hosts that are not to take a container, each with the reason. */
type Shut = readonly (readonly [hostId: string, why: string])[];

/** Inside `planned`: lifts containers off their hosts, and puts them where the scheduler wants them. */
export class Workbench implements Bench {
  constructor(
    private readonly tx: WriteTx,
    private readonly placer: HostChooser,
    /** Container to the hosts that it must not get again. */
    private readonly refusers: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
  ) {}

  /** They count on no host from now on, nor do their copies. */
  lift(ids: readonly string[]): void {
    for (const id of ids) {
      const record = this.tx.get('containers', id);
      if (record === undefined) continue;
      forgetCopy(this.tx, record, record.assigned.hostId);
      this.put(record, NOWHERE);
    }
  }

  /** It counts on that host again. */
  putBack(id: string, hostId: string): void {
    const record = this.tx.get('containers', id);
    if (record !== undefined) this.put(record, hostId);
  }

  /** Nothing is placed on the host. */
  close(hostId: string): void {
    const host = this.tx.get('hosts', hostId);
    if (host !== undefined && !host.cordoned) this.tx.put('hosts', { ...host, cordoned: true });
  }

  place(id: string): { hostId: string } | { refusal: string } {
    return this.placeBut(id, this.refusersOf(id));
  }

  /** On that host, if it takes it now. */
  placeOn(id: string, hostId: string): { hostId: string } | { refusal: string } {
    return this.placeBut(id, this.refusersOf(id), [`constraint:node.id==${hostId}`]);
  }

  whyOnly(id: string, hostId: string): string | undefined {
    const record = this.tx.get('containers', id);
    if (record === undefined) return undefined;
    const answer = this.placeBut(id, [...this.refusersOf(id), [hostId, IS_THERE]]);
    this.tx.put('containers', record);
    return 'refusal' in answer ? answer.refusal : undefined;
  }

  private refusersOf(id: string): Shut {
    return [...(this.refusers.get(id) ?? [])].map((hostId) => [hostId, REFUSED_IT]);
  }

  private placeBut(
    id: string,
    without: Shut,
    expressions: readonly string[] = [],
  ): { hostId: string } | { refusal: string } {
    const record = this.tx.get('containers', id);
    if (record === undefined) return { refusal: say('moves.gone') };
    const { name, desired } = record;
    const open = this.shut(without);
    try {
      const unknown = unknownTie(this.tx, name, desired.spec);
      if (unknown !== undefined) return { refusal: unknown };
      const { spec } = desired;
      const asked = expressions.length === 0 ? spec : { ...spec, Env: [...(spec.Env ?? []), ...expressions] };
      const { hostId } = this.placer.place(this.tx, { name, spec: asked });
      this.put(record, hostId);
      return { hostId };
    } catch (thrown) {
      if (!(thrown instanceof BerthError)) throw thrown;
      return { refusal: thrown.message };
    } finally {
      open();
    }
  }

  /** As hosts that rest, which say why; returns what opens them again. */
  private shut(hosts: Shut): () => void {
    const before = hosts.flatMap(([id, reason]) => {
      const trust = this.tx.get('hostTrust', id);
      if (this.tx.get('hosts', id) === undefined || trust?.reason) return [];
      const downs = trust?.downs ?? [];
      this.tx.put('hostTrust', {
        ...{ kind: 'host-trust', id, downs, restUntil: Number.MAX_SAFE_INTEGER, reason },
      });
      return [{ id, trust }];
    });
    return () => {
      for (const { id, trust } of before)
        if (trust === undefined) this.tx.delete('hostTrust', id);
        else this.tx.put('hostTrust', trust);
    };
  }

  private put(record: Container, hostId: string): void {
    this.tx.put('containers', { ...record, assigned: { hostId, at: record.assigned.at } });
  }
}

/** What was seen of a container on a host that it leaves says nothing any more: a host that is back reports anew. */
export function forgetCopy(tx: WriteTx, { id }: Pick<Container, 'id'>, hostId: string): void {
  for (const seen of [...tx.by('observedContainers', 'clusterId', id)])
    if (seen.hostId === hostId) tx.delete('observedContainers', `${hostId}/${seen.engineId}`);
}

/**
 * A volume or network that Berth did not make is known from its host's report alone. Before that host has reported, it is
 * not known where it is: an empty one of the same name on another host would be worse than waiting.
 */
function unknownTie(tx: ReadTx, name: string, spec: DockerSpec): string | undefined {
  const { volumes, networks } = placementRequest(name, spec);
  for (const volume of volumes) {
    const [seen] = tx.by('observedVolumes', 'name', volume);
    if (tx.get('volumes', volume) === undefined && seen === undefined)
      return say('moves.volume', { name: volume });
  }
  for (const network of networks) {
    const known =
      tx.get('networks', network) ??
      [...tx.by('networks', 'name', network)][0] ??
      [...tx.by('observedNetworks', 'name', network)][0] ??
      [...tx.by('observedNetworks', 'networkId', network)][0];
    if (known === undefined) return say('moves.network', { name: network });
  }
  return undefined;
}
