import { isDeepStrictEqual } from 'node:util';
import type { ChangeEvent, PastEvent, ToldEvent } from '../../contract/v1/cluster.ts';
import { newShortId } from '../../kit/ids.ts';
import type { ObservedContainer } from '../../model/container.ts';
import { serviceKey } from '../../model/deployment.ts';
import { healthOf } from '../../model/readiness.ts';
import type { Change, ChangeSet, ReadTx, Store } from '../../store/store.ts';
import { isUnmanaged } from '../orphans.ts';
import { shownState } from './container-view.ts';
import type { EventSource } from './handler.ts';
import { KnownWires } from './known-wires.ts';
import { serviceView } from './service-view.ts';

type Summary = ToldEvent;
type Kept = Readonly<{ seq: number; at: number; event: Summary }>;
type Listener = (id: string, event: unknown) => void;

export type PastQuery = Readonly<{
  kind?: Summary['kind'] | undefined;
  /** ID of a host. */
  host?: string | undefined;
  /** A part of the name or image, in any case. */
  text?: string | undefined;
  limit: number;
  /** ID of the last event of the page before. */
  cursor?: string | undefined;
}>;

/**
 * Events that are kept for those who resume. All of them at once are to be less than what a reader may be behind
 * (`send-events.ts`): whoever resumes from far back would be cut off while it is told, again and again.
 */
const KEPT = 4_000;

/**
 * Turns changes of the store into events: one per host or container whose summary has changed, however many records
 * stand behind it. An event's ID is `epoch-number`; the epoch changes with each start of the manager.
 */
export class ChangeFeed implements EventSource {
  private readonly epoch = newShortId(8);
  private seq = 0;
  private kept: Kept[] = [];
  private readonly listeners = new Set<Listener>();
  /** What was told last of each thing, to tell only what is new. */
  private readonly told = new Map<string, Summary>();
  private readonly wires: KnownWires;
  private readonly unwatch: () => void;

  /** @param now milliseconds since the epoch */
  constructor(
    private readonly store: Store,
    private readonly now: () => number,
  ) {
    this.wires = store.view((tx) => new KnownWires(tx));
    store.view((tx) => {
      const keys = new Set<string>();
      for (const host of tx.all('hosts')) keys.add(`node/${host.id}`);
      for (const container of tx.all('containers')) keys.add(`container/${container.id}`);
      for (const seen of tx.all('observedContainers'))
        keys.add(isUnmanaged(tx, seen) ? unmanagedKey(seen) : keyOfSeen(seen));
      for (const { name } of tx.all('stacks')) keys.add(`stack/${name}`);
      for (const { stack, name } of tx.all('services')) keys.add(`service/${serviceKey(stack, name)}`);
      for (const { name } of [...tx.all('certificates'), ...tx.all('acmeCertificates')])
        keys.add(`certificate/${name}`);
      for (const { id } of tx.all('networks')) keys.add(`network/${id}`);
      for (const { name } of tx.all('volumes')) keys.add(`volume/${name}`);
      for (const key of keys) {
        const summary = summarise(tx, key, this.wires);
        if (summary !== undefined) this.told.set(key, summary);
      }
    });
    this.unwatch = store.watch((set) => this.onChange(set));
  }

  position(): string {
    return this.id(this.seq);
  }

  subscribe(after: string | undefined, listener: Listener): () => void {
    if (after !== undefined) this.replay(after, listener);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * A page of what is kept, newest first; `next` is the cursor of the page behind it, if there is one. Behind a cursor of
   * an earlier start of the manager there is nothing.
   */
  past({ limit, cursor, ...wanted }: PastQuery): { events: PastEvent[]; next?: string } {
    const [epoch, number] = cursor?.split('-') ?? [this.epoch, Number.POSITIVE_INFINITY];
    if (epoch !== this.epoch) return { events: [] };
    const events: PastEvent[] = [];
    for (const { seq, at, event } of this.kept.toReversed()) {
      if (seq >= Number(number) || !isWanted(event, wanted)) continue;
      const last = events.at(-1);
      if (events.length === limit && last !== undefined) return { events, next: last.id };
      events.push({ id: this.id(seq), at, event });
    }
    return { events };
  }

  close(): void {
    this.unwatch();
    this.listeners.clear();
  }

  private replay(after: string, listener: Listener): void {
    const [epoch, number] = after.split('-');
    const from = Number(number);
    const oldest = this.kept[0]?.seq ?? this.seq + 1;
    if (
      epoch !== this.epoch ||
      !Number.isInteger(from) ||
      from > this.seq ||
      from + 1 < oldest ||
      this.seq - from > KEPT
    ) {
      const reset: ChangeEvent = { kind: 'reset' };
      listener(this.id(this.seq), reset);
      return;
    }
    for (const { seq, event } of this.kept) if (seq > from) listener(this.id(seq), event);
  }

  private onChange({ changes }: ChangeSet): void {
    const keys = new Set<string>();
    for (const change of changes) addKeys(change, keys);
    const labelled = new Set<string>();
    for (const change of changes) if (isLabelled(change)) labelled.add(`node/${change.key}`);
    this.store.view((tx) => {
      for (const hostId of this.wires.apply(tx, changes)) keys.add(`node/${hostId}`);
      for (const change of changes) this.addOrphanKeys(tx, change, keys);
      for (const key of keys) this.tell(key, summarise(tx, key, this.wires), labelled.has(key));
    });
  }

  /** What a restored state does not know is shown under its engine's ID, though it has one of the cluster's. */
  private addOrphanKeys(tx: ReadTx, change: Change, keys: Set<string>): void {
    if (change.table === 'orphans') {
      const orphan = change.after ?? change.before;
      for (const seen of tx.by('observedContainers', 'clusterId', orphan?.id ?? ''))
        if (seen.hostId === orphan?.hostId) keys.add(unmanagedKey(seen));
    }
    if (change.table !== 'observedContainers') return;
    const seen = change.after ?? change.before;
    if (seen?.clusterId === undefined) return;
    const key = unmanagedKey(seen);
    if (tx.count('orphans') > 0 || this.told.has(key)) keys.add(key);
  }

  /** @param isOther though the summary does not show it */
  private tell(key: string, now: Summary | undefined, isOther: boolean): void {
    const before = this.told.get(key);
    if (now === undefined) {
      if (before === undefined) return;
      this.told.delete(key);
      this.emit({ ...before, change: 'removed' });
      return;
    }
    if (before !== undefined && !isOther && isSame(before, now)) return;
    this.told.set(key, now);
    this.emit(before === undefined ? { ...now, change: 'added' } : now);
  }

  private emit(event: Summary): void {
    this.seq++;
    this.kept.push({ seq: this.seq, at: this.now(), event });
    // Cut back now and then rather than moving the whole array for each event.
    if (this.kept.length > KEPT * 2) this.kept = this.kept.slice(-KEPT);
    for (const listener of [...this.listeners]) listener(this.id(this.seq), event);
  }

  private id(seq: number): string {
    return `${this.epoch}-${seq}`;
  }
}

/** A host has other labels: whoever shows it reads it again. */
function isLabelled(change: Change): boolean {
  if (change.table !== 'hosts') return false;
  const { before, after } = change;
  return before !== undefined && after !== undefined && !isDeepStrictEqual(before.labels, after.labels);
}

/** Adds what a change of the store may have made another one. */
function addKeys(change: Change, keys: Set<string>): void {
  switch (change.table) {
    case 'hosts':
    case 'hostStatus':
      keys.add(`node/${change.key}`);
      return;
    case 'containers':
      keys.add(`container/${change.key}`);
      return;
    case 'observedContainers': {
      const { before, after } = change;
      if (before !== undefined && before.clusterId !== after?.clusterId) keys.add(keyOfSeen(before));
      if (after !== undefined) keys.add(keyOfSeen(after));
      return;
    }
    case 'certificates':
    case 'acmeCertificates':
    case 'certificateStatus':
      keys.add(`certificate/${change.key}`);
      return;
    case 'networks':
      keys.add(`network/${change.key}`);
      return;
    case 'volumes':
      keys.add(`volume/${change.key}`);
      return;
    case 'stacks':
      keys.add(`stack/${change.key}`);
      return;
    case 'services':
    case 'serviceStatus':
      keys.add(`service/${change.key}`);
      return;
    case 'releases': {
      const release = change.after ?? change.before;
      if (release !== undefined) keys.add(`service/${serviceKey(release.stack, release.service)}`);
    }
  }
}

function keyOfSeen(seen: ObservedContainer): string {
  return seen.clusterId === undefined ? unmanagedKey(seen) : `container/${seen.clusterId}`;
}

function unmanagedKey({ hostId, engineId }: ObservedContainer): string {
  return `unmanaged/${hostId}/${engineId}`;
}

function summarise(tx: ReadTx, key: string, wires: KnownWires): Summary | undefined {
  const slash = key.indexOf('/');
  const rest = key.slice(slash + 1);
  switch (key.slice(0, slash)) {
    case 'node':
      return summariseNode(tx, rest, wires.textOf(rest));
    case 'container':
      return summariseContainer(tx, rest);
    case 'stack':
      return summariseStack(tx, rest);
    case 'service':
      return summariseService(tx, rest);
    case 'certificate':
      return summariseCertificate(tx, rest);
    case 'network':
      return summariseNetwork(tx, rest);
    case 'volume':
      return summariseVolume(tx, rest);
    default:
      return summariseUnmanaged(tx, rest);
  }
}

function summariseNode(tx: ReadTx, id: string, wire: string): Summary | undefined {
  const host = tx.get('hosts', id);
  if (host === undefined) return undefined;
  const status = tx.get('hostStatus', id);
  return {
    kind: 'node',
    change: 'changed',
    id,
    name: host.name,
    state: status?.state ?? 'pending',
    cordoned: host.cordoned,
    reason: [status?.reason, wire].filter(Boolean).join('; '),
  };
}

function summariseContainer(tx: ReadTx, id: string): Summary | undefined {
  const container = tx.get('containers', id);
  if (container === undefined) return undefined;
  const { hostId } = container.assigned;
  let seen: ObservedContainer | undefined;
  for (const one of tx.by('observedContainers', 'clusterId', id)) if (one.hostId === hostId) seen = one;
  return {
    kind: 'container',
    change: 'changed',
    id,
    name: container.name,
    managed: true,
    hostId,
    state: shownState(container, seen),
    health: seen === undefined ? 'none' : healthOf(seen),
    image: container.desired.spec.Image,
    startedAt: seen?.state.startedAt ?? 0,
  };
}

function summariseStack(tx: ReadTx, name: string): Summary | undefined {
  const stack = tx.get('stacks', name);
  if (stack === undefined) return undefined;
  const { generation, removing = false } = stack;
  return { kind: 'stack', change: 'changed', name, generation, removing };
}

function summariseService(tx: ReadTx, key: string): Summary | undefined {
  const service = tx.get('services', key);
  if (service === undefined) return undefined;
  const { stack, name, wanted, ready, current, waiting, release } = serviceView(tx, service);
  return {
    ...{ kind: 'service', change: 'changed', stack, name, wanted, ready, current },
    ...{ release: release.number, state: release.state, reason: release.reason || waiting },
  };
}

function summariseCertificate(tx: ReadTx, name: string): Summary | undefined {
  const shown = tx.get('certificates', name);
  if (shown === undefined && tx.get('acmeCertificates', name) === undefined) return undefined;
  return {
    ...{ kind: 'certificate', change: 'changed', name },
    ...(shown === undefined ? {} : { until: shown.notAfter }),
    worry: tx.get('certificateStatus', name)?.worry ?? '',
  };
}

function summariseNetwork(tx: ReadTx, id: string): Summary | undefined {
  const network = tx.get('networks', id);
  // One that was made with plain docker is its host's own.
  if (network === undefined || network.plainOn !== undefined) return undefined;
  return { kind: 'network', change: 'changed', name: network.name, hostId: network.hostId ?? '' };
}

function summariseVolume(tx: ReadTx, name: string): Summary | undefined {
  const volume = tx.get('volumes', name);
  return volume && { kind: 'volume', change: 'changed', name, hostId: volume.hostId ?? '' };
}

function summariseUnmanaged(tx: ReadTx, key: string): Summary | undefined {
  const seen = tx.get('observedContainers', key);
  if (seen === undefined || !isUnmanaged(tx, seen)) return undefined;
  return {
    kind: 'container',
    change: 'changed',
    id: seen.engineId,
    name: seen.name,
    managed: false,
    hostId: seen.hostId,
    state: seen.state.status,
    health: healthOf(seen),
    image: seen.image,
    startedAt: seen.state.startedAt,
  };
}

function isWanted(event: Summary, { kind, host, text }: Omit<PastQuery, 'limit' | 'cursor'>): boolean {
  if (kind !== undefined && event.kind !== kind) return false;
  if (host !== undefined && hostOf(event) !== host) return false;
  return text === undefined || namesOf(event).toLowerCase().includes(text.toLowerCase());
}

function hostOf(event: Summary): string | undefined {
  if (event.kind === 'node') return event.id;
  return 'hostId' in event ? event.hostId : undefined;
}

function namesOf(event: Summary): string {
  if (event.kind === 'container') return `${event.name} ${event.image}`;
  return event.kind === 'service' ? serviceKey(event.stack, event.name) : event.name;
}

function isSame(one: Summary, other: Summary): boolean {
  for (const field in other) if (Reflect.get(one, field) !== Reflect.get(other, field)) return false;
  return true;
}
