import { say } from '../../model/said/index.ts';
import { replicaKey } from '../request.ts';
import type { Filter } from './filter.ts';

/**
 * `availability:az==3`: as long as the replicas are in fewer than three values of the host label `az`, the next one goes
 * to a new one (Aliyun Container Service). Without a service, containers of the same image are replicas.
 */
export const availability: Filter = {
  name: 'availability',
  prepare: (request, { view, soft }) =>
    request.availability
      .filter((expression) => soft || !expression.soft)
      .map((expression) => {
        const { key } = expression;
        const used = new Set<string>();
        for (const host of view.hostsWith(replicaKey(request))) {
          const domain = host.labels.get(key);
          if (domain) used.add(domain);
        }
        const enough = used.size >= Number(expression.value);
        return {
          volatile: true,
          passes: (host) => {
            const domain = host.labels.get(key);
            return domain !== undefined && domain !== '' && (enough || !used.has(domain));
          },
          reason: (host) =>
            host.labels.get(key)
              ? say('placement.availability.here', { text: expression.text, n: used.size })
              : say('placement.availability.label', { text: expression.text, key }),
        };
      }),
};
