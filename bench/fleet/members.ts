import { type Benchmark, numberOption } from '../benchmark.ts';
import { quantile } from '../stats.ts';
import { memberFigures, memberMoves } from './member-moves.ts';

/** What the target is for: a thousand hosts on one network. */
const HEADLINE = '1000x1';

export const members: Benchmark = {
  name: 'members',
  summary: 'hosts that share networks: how soon all know of a move, what is sent, what the manager keeps',
  unit: `ms from the request to move until the last host knows, worst of the moves at ${HEADLINE}`,
  better: 'lower',
  target: 1000,
  limitSeconds: 1200,
  options: { sizes: `100x1,${HEADLINE},100x10,1000x10`, moves: 5 },
  async run(run) {
    const moves = numberOption(run, members, 'moves');
    const sizes = run.options.get('sizes') ?? String(members.options.sizes);
    const also: Record<string, number> = {};
    let value = Number.NaN;
    for (const size of sizes.split(',')) {
      const [, hosts = 0, networks = 0] = (/^(\d+)x(\d+)$/.exec(size) ?? []).map(Number);
      if (hosts <= moves || networks < 1)
        throw new Error(
          `--sizes ${sizes}: write hosts x networks, such as ${HEADLINE}, more hosts than moves`,
        );
      const moved = await memberMoves(run, { hosts, networks, moves });
      if (size === HEADLINE || Number.isNaN(value)) value = quantile(moved.request, 1);
      for (const [name, figure] of Object.entries(memberFigures(moved))) also[`${size}, ${name}`] = figure;
    }
    return { value, also };
  },
};
