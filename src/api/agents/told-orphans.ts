import type { AgentFrame } from '../../contract/link.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Store } from '../../store/store.ts';
import type { ClusterEvents } from '../events/cluster-events.ts';
import type { AgentSession } from './session.ts';

type ToldOrphansDeps = Readonly<{ store: Store; events: ClusterEvents; clock: Clock; logger: Logger }>;
type Told = NonNullable<(AgentFrame & { t: 'report' })['orphans']>;

/**
 * What one connection of a host tells of its orphans. Those of the connection before stay until all have been told again:
 * meanwhile their addresses are in use.
 */
export class ToldOrphans {
  private readonly told = new Set<string>();
  private complete = false;

  constructor(
    private readonly deps: ToldOrphansDeps,
    private readonly session: Pick<AgentSession, 'hostId' | 'hostName'>,
  ) {}

  async add(orphans: Told): Promise<void> {
    const { store, events, clock, logger } = this.deps;
    const { hostId, hostName } = this.session;
    for (const { id } of orphans) this.told.add(id);
    const found = await store.update((tx) =>
      orphans.filter((orphan) => {
        // It was taken in, or is on its way out, since the agent said so.
        if (tx.get('containers', orphan.id)?.assigned.hostId === hostId) return false;
        const isNew = tx.get('orphans', `${hostId}/${orphan.id}`) === undefined;
        tx.put('orphans', { ...orphan, kind: 'orphan', hostId });
        return isNew;
      }),
    );
    if (found.length === 0) return;
    const names = found.slice(0, 20).map(({ name }) => name);
    logger.warn({ host: hostName, containers: names }, 'containers that this state does not know run on');
    const time = Math.floor(clock.now() / 1000);
    events.add(
      hostId,
      found.map(({ id, name }) => ({
        ...{ Type: 'container', Action: 'orphaned', time, timeNano: clock.now() * 1_000_000 },
        Actor: { ID: id, Attributes: { name, host: hostName } },
      })),
    );
  }

  /** All have been told: what is known beside them is gone. Once is enough. */
  async end(): Promise<void> {
    if (this.complete) return;
    this.complete = true;
    const { store } = this.deps;
    const { hostId } = this.session;
    if (store.view((tx) => tx.count('orphans')) === 0) return;
    await store.update((tx) => {
      for (const { id } of [...tx.by('orphans', 'host', hostId)])
        if (!this.told.has(id)) tx.delete('orphans', `${hostId}/${id}`);
    });
  }
}
