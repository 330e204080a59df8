import { BerthError } from '../../kit/errors.ts';
import { command } from '../command.ts';
import { containers, followMoves, newStays, printPlan, printStays } from '../moves.ts';

export const rebalance = command<{ dryRun?: boolean; yes?: boolean }>({
  name: 'rebalance',
  heading: 'Cluster:',
  summary: 'Level the hosts with as few moves as possible, after hosts were added or came back',
  details:
    'Shows the moves and asks. Each container is stopped with its own grace and started on its new host under the same ' +
    'name and ID; what it has written beside its volumes is not taken along. Containers which are held to their host, ' +
    'stopped ones and those started with --rm stay. What must be on one host moves together. Ctrl-C ends the watching, not ' +
    'the moves. Exit code 5 where something that was to move did not.',
  options: [
    { flags: '--dry-run', summary: 'only show the moves' },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [['berth rebalance --dry-run', 'look first']],
  async run(context, { dryRun = false, yes }) {
    const { out, globals, call, prompt } = context;
    const plan = await call('cluster.rebalance', { dryRun: true });
    if (plan.waiting.length === 0 || dryRun) {
      if (globals.json) out.json(plan);
      else {
        printPlan(context, plan);
        if (plan.waiting.length === 0)
          out.line(
            plan.stays.length === 0
              ? 'the hosts are level: nothing to move'
              : 'nothing to move: what would level the hosts has to stay',
          );
      }
      return;
    }
    if (!globals.json) printPlan(context, plan);
    await prompt.confirm(`Move ${containers(plan.waiting.length)}?`, yes);
    await call('cluster.rebalance', {});
    const done = await followMoves(context, () => call('cluster.rebalanced'));
    if (globals.json) out.json(done);
    else {
      printStays(context, newStays(plan, done));
      out.line(`${done.moved.length} moved, ${done.stays.length} stay`);
    }
    // What keeps its host too full was shown before, and is no failure.
    const known = new Set(plan.stays.map(({ id }) => id));
    const failed = done.stays.filter(({ id }) => !known.has(id));
    const [first] = failed;
    if (first !== undefined)
      throw new BerthError(
        'no_room',
        `${containers(failed.length)} not moved: ${first.name}: ${first.reason}`,
      );
  },
});
