import type { Plan } from '../../contract/v1/cluster.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { newLongId } from '../../kit/ids.ts';
import type { DockerSpec } from '../../model/container.ts';
import type { Store } from '../../store/store.ts';
import type { PlacementExplanation, Placer } from '../placement/placer.ts';

type PlanRequest = Readonly<{
  name: string;
  spec: DockerSpec;
  strategy?: string | undefined;
  count: number;
}>;

/** Carries the plan out of the transaction which must leave nothing behind. */
class PlanMade extends Error {
  constructor(readonly plan: Plan) {
    super('a plan was made');
  }
}

/**
 * Where `count` containers would go, one after the other, each seeing those before it. They are put into a transaction
 * that is then taken back: the placer sees what it would see, and nobody else sees anything.
 * @throws BerthError as `Placer.explain`
 */
export async function makePlan(
  store: Store,
  placer: Placer,
  request: PlanRequest,
  now: number,
): Promise<Plan> {
  try {
    await store.update((tx) => {
      const placements: Plan['placements'] = [];
      let first: PlacementExplanation | undefined;
      let imageMissing = false;
      for (let i = 0; i < request.count; i++) {
        const name = request.count === 1 ? request.name : `${request.name}-${i + 1}`;
        const { spec, strategy } = request;
        const asked = { name, spec, ...(strategy === undefined ? {} : { strategy }) };
        let explanation = placer.explain(tx, asked);
        if (explanation.onlyImageMissing) {
          // "docker run" pulls then, and asks again: that is the placement which is wanted here.
          imageMissing = true;
          explanation = placer.explain(tx, { ...asked, anyImage: true });
        }
        first ??= explanation;
        placements.push(placementOf(name, explanation));
        if (explanation.chosen === undefined) continue;
        tx.put('containers', {
          kind: 'container',
          id: newLongId(),
          name,
          createdAt: now,
          createdBy: '',
          apiVersion: '1.41',
          desired: { generation: 1, state: 'created', spec, starts: 0 },
          assigned: { hostId: explanation.chosen, at: now },
        });
      }
      throw new PlanMade({
        placements,
        hosts: (first?.hosts ?? []).map(({ outside: _, ...host }) => ({
          ...host,
          reasons: [...host.reasons],
        })),
        ...(imageMissing ? { imageMissing } : {}),
      });
    });
  } catch (thrown) {
    if (thrown instanceof PlanMade) return thrown.plan;
    throw thrown;
  }
  throw new BerthError('internal', `the plan for "${request.name}" did not come back`);
}

function placementOf(name: string, explanation: PlacementExplanation): Plan['placements'][number] {
  const { chosen, refusal, hosts } = explanation;
  if (chosen === undefined) return { name, refusal: messageOf(refusal ?? 'no host fits') };
  const hostName = hosts.find((host) => host.hostId === chosen)?.hostName ?? chosen;
  return { name, hostId: chosen, hostName };
}
