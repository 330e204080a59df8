import type { Moves } from '../../../contract/v1/moves.ts';
import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';
import { followMoves, printPlan, printStays } from '../../moves.ts';
import { clean } from '../../terminal/text.ts';

export const nodeDrain = command<{ dryRun?: boolean; yes?: boolean }, [nodes: string[]]>({
  name: 'node drain',
  summary: 'Move containers away from hosts, which then take nothing new',
  details:
    'One host after the other, and of each service one container at a time: the next ones wait until those that have ' +
    'moved run. A container is stopped with its own grace, then started on its new host under the same name and ID; what ' +
    'it has written beside its volumes is not taken along. Where the new host refuses it, it goes back. The hosts end ' +
    'cordoned; "berth node uncordon" takes them back and, while one drains, breaks that off. Exit code 5 where something could not be moved.',
  arguments: [{ name: '<NODE...>', summary: 'names or IDs' }],
  options: [
    { flags: '--dry-run', summary: 'only show what would go where, and what would stay' },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [
    ['berth node drain h1 --dry-run', 'look first'],
    ['berth node drain h1', 'before the machine is switched off'],
  ],
  async run(context, { dryRun = false, yes }, nodes) {
    const { out, globals, call, prompt } = context;
    const answers: (Moves & { node: string })[] = [];
    for (const node of nodes) {
      const plan = await call('node.drain', { node, dryRun: true });
      if (!globals.json) printPlan(context, plan);
      if (dryRun) {
        answers.push({ node, ...plan });
        continue;
      }
      await prompt.confirm(`Move ${plan.waiting.length} containers away from ${clean(node)}?`, yes);
      await call('node.drain', { node });
      const done = await followMoves(context, () => call('node.drained', { node }));
      if (!globals.json) printStays(context, done);
      answers.push({ node, ...done });
      if (!globals.json)
        out.line(`${clean(node)}: ${done.moved.length} moved, ${done.stays.length} stay, cordoned`);
    }
    if (globals.json) out.json(answers);
    const stay = answers.flatMap(({ stays }) => stays);
    if (stay.length > 0 && !dryRun)
      throw new BerthError(
        'no_room',
        `${stay.length} containers stay: ${stay[0]?.name}: ${stay[0]?.reason}`,
        {
          hint: 'remove them, or make room, and drain again',
        },
      );
  },
});
