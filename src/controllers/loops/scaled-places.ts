import { BerthError } from '../../kit/errors.ts';
import type { Container } from '../../model/container.ts';
import { type ReleaseRecord, releaseKey, serviceKey } from '../../model/deployment.ts';
import { say } from '../../model/said/index.ts';
import type { ReadTx, Store, WriteTx } from '../../store/store.ts';
import { newIndexes } from '../plan/services/rollout.ts';
import { askedContainer, isPulled } from './asked-container.ts';
import type { AskedContainer, ServiceHands } from './service-hands.ts';
import { planned } from './workbench.ts';

/** What another number of containers would make, and take away. */
export type ScaledPlaces = Readonly<{
  coming: readonly Readonly<{
    name: string;
    /** Undefined where it would find no host. */
    hostId: string | undefined;
  }>[];
  leaving: readonly Readonly<{ id: string; name: string; hostId: string }>[];
  /** Why some would find no host, in one line; empty where all do. */
  refusal: string;
}>;

type Hands = Pick<ServiceHands, 'ensureObjects' | 'places' | 'make'>;

/** More at once would keep the manager from all else for too long. */
const MOST_PLANNED = 200;

/**
 * Where the containers of a service would go, were there so many: in a transaction that is taken back.
 * @throws BerthError `not_found`; `conflict` while two versions serve; `bad_request` for too many at once
 */
export function scaledPlaces(
  store: Store,
  hands: Hands,
  wanted: Readonly<{ stack: string; service: string; replicas: number }>,
): ScaledPlaces {
  return planned(store, (tx) => placesOf(tx, hands, wanted));
}

function placesOf(
  tx: WriteTx,
  hands: Hands,
  { stack, service: name, replicas }: Readonly<{ stack: string; service: string; replicas: number }>,
): ScaledPlaces {
  const release = settledRelease(tx, stack, name);
  const all = [...tx.by('containers', 'stackService', serviceKey(stack, name))];
  const isLeaving = ({ service, desired }: Container) =>
    service?.leaving === true || desired.state === 'removed';
  // Their names and their places are free by then.
  for (const { id } of all.filter(isLeaving)) tx.delete('containers', id);
  const members = all
    .filter((one) => !isLeaving(one))
    .map(({ id, name, assigned, service }) => ({
      ...{ id, name, hostId: assigned.hostId, index: service?.index ?? 0 },
    }));
  const more = replicas - members.length;
  if (more > MOST_PLANNED)
    throw new BerthError('bad_request', `${more} containers more are too many to be planned at once`, {
      hint: `ask for ${members.length + MOST_PLANNED} at the most; scaling itself has no such limit`,
    });
  const leaving = members
    .toSorted((a, b) => b.index - a.index)
    .slice(0, Math.max(0, -more))
    .map(({ id, name, hostId }) => ({ id, name, hostId }));
  const record = tx.get('stacks', stack);
  if (more <= 0 || record === undefined) return { coming: [], leaving, refusal: '' };
  const missing = hands.ensureObjects(tx, record.stack, release.spec, release.by);
  const asked = newIndexes({ members }, more).map((index) => ({
    ...askedContainer(record.stack, release, index),
    // As if its image could be pulled wherever it is missing.
    ...(isPulled(release.spec) ? { pullFailed: () => false } : {}),
  }));
  const places = new Map(
    missing === undefined ? hands.places(tx, asked).map((one) => [one.name, one.hostId]) : [],
  );
  const coming = asked.map(({ name }) => ({ name, hostId: places.get(name) }));
  const without = asked.find(({ name }) => !places.has(name));
  return { coming, leaving, refusal: missing ?? (without === undefined ? '' : whyNot(tx, hands, without)) };
}

function settledRelease(tx: ReadTx, stack: string, name: string): ReleaseRecord {
  const record = tx.get('services', serviceKey(stack, name));
  const release = record && tx.get('releases', releaseKey(stack, name, record.release));
  if (record === undefined || release === undefined)
    throw new BerthError('not_found', `there is no service ${stack}/${name}`, {
      hint: '"berth service ls" lists them',
    });
  if (record.service.scale.kind === 'global' || record.service.runs.kind !== 'service')
    throw new BerthError('conflict', `service ${name} has no number of containers that could be another one`);
  if (release.shift !== undefined && release.state !== 'done' && release.cause.kind !== 'rollback')
    throw new BerthError(
      'conflict',
      `two versions of service ${name} serve: of which there would be more is not said`,
      {
        hint: 'confirm the release, or roll it back, and plan then',
      },
    );
  return release;
}

function whyNot(tx: WriteTx, hands: Hands, asked: AskedContainer): string {
  const made = hands.make(tx, asked);
  switch (made.kind) {
    case 'refused':
      return made.reason;
    case 'image-missing':
      return say('services.image.nowhere', { image: asked.spec.Image });
    case 'made':
      return '';
  }
}
