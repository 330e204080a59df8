import { BerthError } from '../../kit/errors.ts';
import { command } from '../command.ts';
import { followMoves, printPlan, printStays } from '../moves.ts';

export const rebalance = command<{ dryRun?: boolean; yes?: boolean }>({
  name: 'rebalance',
  heading: 'Cluster:',
  summary: 'Level the hosts with as few moves as possible, after hosts were added or came back',
  details:
    'Shows the moves and asks. Each container is stopped with its own grace and started on its new host under the same ' +
    'name and ID; what it has written beside its volumes is not taken along. Containers which are held to their host, ' +
    'stopped ones and those started with --rm stay.',
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
      else if (plan.waiting.length === 0) out.line('the hosts are level: nothing to move');
      else printPlan(context, plan);
      return;
    }
    if (!globals.json) printPlan(context, plan);
    await prompt.confirm(`Move ${plan.waiting.length} containers?`, yes);
    await call('cluster.rebalance', {});
    const done = await followMoves(context, () => call('cluster.rebalanced'));
    if (globals.json) out.json(done);
    else {
      printStays(context, done);
      out.line(`${done.moved.length} moved, ${done.stays.length} stay`);
    }
    const [first] = done.stays;
    if (first !== undefined)
      throw new BerthError('no_room', `${done.stays.length} containers stay: ${first.name}: ${first.reason}`);
  },
});
