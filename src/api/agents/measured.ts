import { LOADS_VERSION, type ManagerFrame } from '../../contract/link.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { serviceKey } from '../../model/deployment.ts';
import { CONTAINER_METRICS, timesOf } from '../../model/scaling.ts';
import { scalingOf } from '../../model/service-scale.ts';
import type { ChangeSet, ReadTx, Store } from '../../store/store.ts';

type Frame = ManagerFrame & { t: 'measure' };

/** A host's connection; what it was told last, as text. */
type Told = { readonly send: (frame: Frame) => void; told: string };

/** Of the shortest time over which any service's figures are averages, this share lies between two looks. */
const LOOKS_A_PERIOD = 6;
const LEAST_MS = 1_000;
const MOST_MS = 5_000;
/** Many containers change together. */
const PAUSE_MS = 200;

/** Tells each host of which containers it is to say what they use: of services that scale by what containers use. */
export class Measured {
  private readonly sessions = new Map<string, Told>();
  /** Keys of services that scale so. */
  private services: ReadonlySet<string>;
  private readonly unwatch: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: Readonly<{ store: Store; logger: Logger }>) {
    this.services = deps.store.view((tx) => new Set(measuredServices(tx).keys()));
    this.unwatch = deps.store.watch((set) => this.onChange(set));
  }

  close(): void {
    this.unwatch();
    clearTimeout(this.timer);
    this.sessions.clear();
  }

  /** A host has connected. An agent of a version that tells nothing is not asked. */
  attach(hostId: string, version: number, send: (frame: Frame) => void): void {
    this.sessions.delete(hostId);
    if (version < LOADS_VERSION) return;
    this.sessions.set(hostId, { send, told: '' });
    if (this.services.size > 0) this.soon();
  }

  detach(hostId: string): void {
    this.sessions.delete(hostId);
  }

  /** False where its agent is of a version that tells nothing, or is not connected. */
  knows(hostId: string): boolean {
    return this.sessions.has(hostId);
  }

  private onChange({ changes }: ChangeSet): void {
    const concerns = changes.some((change) => {
      if (change.table === 'services') return true;
      if (change.table !== 'containers') return false;
      const { before, after } = change;
      const service = after?.service ?? before?.service;
      if (service === undefined || !this.services.has(serviceKey(service.stack, service.name))) return false;
      return (
        before?.assigned.hostId !== after?.assigned.hostId || before?.service?.leaving !== service.leaving
      );
    });
    if (concerns) this.soon();
  }

  private soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.tell();
    }, PAUSE_MS).unref();
  }

  private tell(): void {
    const { ms, byHost } = this.deps.store.view((tx) => {
      const periods = measuredServices(tx);
      this.services = new Set(periods.keys());
      const found = new Map<string, string[]>();
      for (const key of periods.keys())
        for (const { id, assigned, service } of tx.by('containers', 'stackService', key)) {
          if (service?.leaving === true) continue;
          const ids = found.get(assigned.hostId) ?? [];
          ids.push(id);
          found.set(assigned.hostId, ids);
        }
      const shortest = Math.min(...periods.values());
      return { ms: Math.min(MOST_MS, Math.max(LEAST_MS, shortest / LOOKS_A_PERIOD)), byHost: found };
    });
    for (const [hostId, told] of this.sessions) {
      const containers = (byHost.get(hostId) ?? []).sort();
      const text = containers.length === 0 ? '' : `${ms} ${containers.join(' ')}`;
      if (text === told.told) continue;
      told.told = text;
      try {
        told.send({ t: 'measure', containers, ms: Math.round(Number.isFinite(ms) ? ms : MOST_MS) });
      } catch (thrown) {
        this.deps.logger.error(
          { host: hostId, error: messageOf(thrown) },
          'what is to be measured is not sent',
        );
      }
    }
  }
}

/** Keys of services that scale by what their containers use, and over which time. */
function measuredServices(tx: ReadTx): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const record of tx.all('services')) {
    const scaling = scalingOf(record);
    const byContainers = scaling?.rules.some(({ metric }) => CONTAINER_METRICS.some((own) => own === metric));
    if (scaling !== undefined && byContainers === true)
      found.set(serviceKey(record.stack, record.name), timesOf(scaling).periodMs);
  }
  return found;
}
