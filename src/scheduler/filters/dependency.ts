import { say } from '../../model/said/index.ts';
import { type Filter, sameForAll } from './filter.ts';

/** Volumes-from, links and shared namespaces need the other container on the same host. */
export const dependency: Filter = {
  name: 'dependency',
  prepare: ({ dependencies }) =>
    dependencies.map(({ ref, option }) => ({
      passes: (host) => host.hasContainer(ref),
      reason: sameForAll(() => say('placement.dependency', { ref, option })),
    })),
};
