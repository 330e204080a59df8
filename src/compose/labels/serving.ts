import { BerthError } from '../../kit/errors.ts';
import type { Service } from '../../model/service.ts';
import { ComposeError, Problems } from '../problems.ts';
import { Reader } from '../reader.ts';
import { map, mapOf, scalar } from '../tree.ts';
import { LabelSet } from './label-set.ts';
import { probeOf } from './probe.ts';
import { routesOf, weightOf } from './routing.ts';

type Labels = Readonly<Record<string, string>>;

/** Who gets a service's requests, and when. */
type Serving = Readonly<
  Pick<Service, 'routes' | 'weight'> & {
    readiness: Service['readiness'];
    liveness: Service['liveness'];
    /** One sentence each: what is not read as a compose file has it, and what that would be told of. */
    warnings: readonly string[];
  }
>;

const READ = /^(?:routing|probe|liveness)\./;

/**
 * What labels say of a service that came without a compose file. Others mean something beside keys of a file alone.
 * @param own of its containers
 * @param deployed of the service itself, which go behind those
 * @throws BerthError `bad_request` for what a compose file is refused for
 */
export function servingOf(own: Labels, deployed: Labels): Serving {
  const at = { file: '', line: 0, column: 0 };
  const node = (labels: Labels) =>
    mapOf(at, Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, scalar(at, value)])));
  const below = map(at, [['labels', { keyAt: at, value: node(deployed) }]]);
  const service = mapOf(at, { labels: node(own), deploy: below });
  const problems = new Problems();
  const labels = new LabelSet(new Reader(service, '', at, problems), own);
  const routes = routesOf(labels).flatMap(({ route, reader }) => {
    if (route.scope === 'public') return [route];
    reader.warn(
      `${route.host.name} is answered for services of "berth deploy" alone: write it as an alias of the network`,
    );
    return [];
  });
  const made = {
    ...{ routes, weight: weightOf(labels) },
    ...{ readiness: probeOf(labels, 'probe'), liveness: probeOf(labels, 'liveness') },
  };
  for (const [name, reader] of labels.below('')) if (!READ.test(name)) reader.warn(ONLY_KEPT);
  const deploy = new Reader(below, 'deploy', at, problems).get('labels');
  for (const name of Object.keys(labels.passedOn))
    deploy.get(name).warn('is kept, and nothing more: hosts read it from containers, as a label of these');
  refuse(problems);
  return { ...made, warnings: problems.warnings.map(({ key, message }) => `${key}: ${message}`) };
}

const ONLY_KEPT = 'is kept, and nothing more: "berth deploy" reads it, from the compose file';

function refuse(problems: Problems): void {
  try {
    problems.throwErrors();
  } catch (thrown) {
    if (!(thrown instanceof ComposeError)) throw thrown;
    const texts = thrown.problems.map(({ key, message }) => `${key}: ${message}`);
    throw new BerthError('bad_request', texts.slice(0, 5).join('; '));
  }
}
