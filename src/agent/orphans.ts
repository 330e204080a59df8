import { messageOf } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import type { ManagerSession } from '../link/ports.ts';
import type { AssignmentFiles } from './assignment-files.ts';
import type { Observer } from './observer.ts';
import type { Reconciler } from './reconciler.ts';

type AgentLink = Pick<ManagerSession, 'send'>;
type OrphansDeps = Readonly<{
  files: AssignmentFiles;
  observer: Observer;
  reconciler: Reconciler;
  logger: Logger;
}>;

const ORPHANS_AT_ONCE = 200;

/** What a snapshot leaves: containers of the cluster on the engine which are not in it. */
export class Orphans {
  constructor(private readonly deps: OrphansDeps) {}

  /** After the snapshot of a state that was put back: what is on the engine beside it is never removed for that. */
  spare(): void {
    if (this.deps.files.state.sparesDue !== true || !this.deps.observer.ready) return;
    const spared = this.deps.observer.picture.containers
      .all()
      .flatMap(({ clusterId }) =>
        clusterId === undefined || this.deps.files.get(clusterId) ? [] : [clusterId],
      );
    this.deps.files
      .setState({
        sparesDue: false,
        spared: [...new Set([...(this.deps.files.state.spared ?? []), ...spared])],
      })
      .catch((thrown) =>
        this.deps.logger.error({ error: messageOf(thrown) }, 'spared containers not written'),
      );
  }

  /** What runs here without the manager's knowing of it, as long as there is any. */
  tell(session: AgentLink): void {
    const held = this.deps.files
      .orphans()
      .map(({ assignment: { id, name, ...rest } }) => ({ id, name, held: rest }));
    const spared = (this.deps.files.state.spared ?? []).flatMap((id) => {
      const seen = this.deps.files.get(id) === undefined ? this.deps.observer.picture.find(id) : undefined;
      return seen === undefined ? [] : [{ id, name: seen.name }];
    });
    const orphans = [...held, ...spared];
    for (let from = 0; from < orphans.length; from += ORPHANS_AT_ONCE)
      session.send({ t: 'report', orphans: orphans.slice(from, from + ORPHANS_AT_ONCE) });
  }

  /** After a snapshot: this cluster's containers that are on the engine and not in it were moved away or removed. */
  remove(): void {
    if (this.deps.files.state.orphansDue !== true || !this.deps.observer.ready) return;
    const orphans = this.deps.observer.picture.containers
      .all()
      .filter(({ clusterId }) => clusterId !== undefined && this.deps.files.get(clusterId) === undefined)
      .filter(({ clusterId = '' }) => this.deps.files.state.spared?.includes(clusterId) !== true);
    const marking = orphans.map(async ({ clusterId = '', name }) => {
      this.deps.logger.info(
        { container: clusterId, name },
        'not assigned to this host any more: removing it',
      );
      await this.deps.files.addPurge(clusterId, name);
      this.deps.reconciler.kick(clusterId);
    });
    Promise.all(marking)
      .then(() => this.deps.files.setState({ orphansDue: false }))
      .catch((thrown) => this.deps.logger.error({ error: messageOf(thrown) }, 'removals not written'));
  }
}
