import type { OrphanView, orphanRoutes } from '../../contract/v1/orphans.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Container, Desired } from '../../model/container.ts';
import type { Orphan } from '../../model/life.ts';
import { say } from '../../model/said/index.ts';
import { spansHosts } from '../../model/volume-span.ts';
import { seenOn } from '../../store/seen.ts';
import type { ReadTx, WriteTx } from '../../store/store.ts';
import { adoptNetworks, holdAddresses, networkProblem } from '../networks/adopt.ts';
import type { Handlers } from './handler.ts';

/** Shorter beginnings of an ID are more likely a slip than meant. */
const SHORTEST_PREFIX = 3;

export const orphanHandlers: Handlers<keyof typeof orphanRoutes> = {
  'orphan.list': ({ deps }) =>
    deps.store.view((tx) => ({
      orphans: [...tx.all('orphans')]
        .map((one) => viewOf(tx, one))
        .sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1)),
    })),

  'orphan.adopt': ({ deps, params, principal, about }) =>
    deps.store.update((tx) => {
      const orphan = find(tx, params.orphan);
      about(orphan.name);
      const view = viewOf(tx, orphan);
      const { held } = orphan;
      if (held === undefined || view.problem !== undefined)
        throw new BerthError('conflict', `${fullName(view)} cannot be adopted: ${view.problem}`);
      const made = { createdAt: deps.clock.now(), createdBy: principal.user };
      adoptNetworks(tx, orphan, held, made);
      for (const { spec } of held.needs.volumes)
        if (tx.get('volumes', spec.Name) === undefined)
          tx.put('volumes', {
            ...{ kind: 'volume', name: spec.Name, ...made, spec },
            ...(spansHosts({ spec }) ? {} : { hostId: orphan.hostId }),
          });
      const probes = held.probes === undefined ? {} : { probes: held.probes };
      takeIn(tx, orphan, held.apiVersion, held.desired, { ...made, ...probes });
      return view;
    }),

  'orphan.remove': ({ deps, params, principal, about }) =>
    deps.store.update((tx) => {
      const orphan = find(tx, params.orphan);
      about(orphan.name);
      const view = viewOf(tx, orphan);
      const elsewhere = tx.get('containers', orphan.id);
      if (elsewhere !== undefined)
        throw new BerthError(
          'conflict',
          `${fullName(view)} is a second copy of container ${elsewhere.name}: its record would go with it`,
          { hint: `remove the copy on its host: docker rm -f ${fullName(view)}` },
        );
      const made = { createdAt: deps.clock.now(), createdBy: principal.user };
      const base: Desired = orphan.held?.desired ?? {
        ...{ generation: 0, state: 'running', starts: 0 },
        spec: { Image: view.image ?? '' },
      };
      const remove = { force: true, volumes: false };
      holdAddresses(tx, orphan, made);
      takeIn(tx, orphan, orphan.held?.apiVersion ?? '1.41', { ...base, state: 'removed', remove }, made);
      return view;
    }),
};

/** From now on it has a record: what its host is given next is a generation later than all that it has seen. */
function takeIn(
  tx: WriteTx,
  { id, name, hostId }: Orphan,
  apiVersion: string,
  desired: Desired,
  made: Pick<Container, 'createdAt' | 'createdBy' | 'probes'>,
): void {
  const before = tx.get('containers', id);
  const generation = Math.max(desired.generation, before?.desired.generation ?? 0) + 1;
  tx.put('containers', {
    ...{ kind: 'container', id, name, apiVersion, ...made },
    desired: { ...desired, generation },
    assigned: { hostId, at: made.createdAt },
  });
  tx.delete('orphans', `${hostId}/${id}`);
}

function find(tx: ReadTx, ref: string): Orphan {
  const all = [...tx.all('orphans')];
  const exact = all.filter((one) => one.id === ref || one.name === ref || fullName(viewOf(tx, one)) === ref);
  const found =
    exact.length > 0 || ref.length < SHORTEST_PREFIX ? exact : all.filter(({ id }) => id.startsWith(ref));
  const [first] = found;
  if (first === undefined)
    throw new BerthError('not_found', `there is no orphan "${ref}"`, {
      hint: '"berth orphan ls" lists them',
    });
  if (found.length > 1) {
    const names = found.map((one) => fullName(viewOf(tx, one))).join(', ');
    throw new BerthError('conflict', `"${ref}" is several orphans: ${names}`, {
      hint: 'name one with its host',
    });
  }
  return first;
}

function fullName({ hostName, name }: Pick<OrphanView, 'hostName' | 'name'>): string {
  return `${hostName}/${name}`;
}

function viewOf(tx: ReadTx, { id, name, hostId, held }: Orphan): OrphanView {
  const seen = seenOn(tx, id, hostId);
  const image = held?.desired.spec.Image ?? seen?.image;
  const problem = problemOf(tx, { id, name, held });
  return {
    ...{ id, name, hostId, hostName: tx.get('hosts', hostId)?.name ?? hostId },
    ...(image === undefined ? {} : { image }),
    state: seen?.state.status ?? (tx.get('hostStatus', hostId)?.reported === true ? 'gone' : 'unknown'),
    ...(problem === undefined ? {} : { problem }),
  };
}

function problemOf(tx: ReadTx, { id, name, held }: Pick<Orphan, 'id' | 'name' | 'held'>): string | undefined {
  if (held === undefined) return say('hosts.orphan.unknown');
  if (held.desired.state === 'removed') return say('hosts.orphan.removed');
  const [named] = [...tx.by('containers', 'name', name)].filter((one) => one.id !== id);
  if (named !== undefined) return say('hosts.orphan.named', { name });
  return networkProblem(tx, held, name);
}
