import type { Moves } from '../../../contract/v1/moves.ts';
import { BerthError } from '../../../kit/errors.ts';
import { type CliContext, command } from '../../command.ts';
import { containers, followMoves, newStays, printPlan, printStays } from '../../moves.ts';
import { clean } from '../../terminal/text.ts';
import { collectLabels } from '../../values.ts';

export const nodeDrain = command<
  { dryRun?: boolean; yes?: boolean; label?: Record<string, string> },
  [nodes: string[]]
>({
  name: 'node drain',
  summary: 'Move containers away from hosts, which then take nothing new',
  details:
    'Several hosts, such as those of a rack, are cordoned first, so that nothing moves from one to the next; then one is ' +
    'drained after the other, and of each service one container at a time: the next ones wait until those that have ' +
    'moved run. A container is stopped with its own grace, then started on its new host under the same name and ID; what ' +
    'it has written beside its volumes is not taken along. Where the new host refuses it, it goes back. The hosts end ' +
    'cordoned; "berth node uncordon" takes them back and, while one drains, breaks that off. Ctrl-C ends the watching, ' +
    'not the moves. Exit code 5 where something could not be moved.',
  arguments: [{ name: '[NODE...]', summary: 'names or IDs' }],
  options: [
    {
      flags: '-l, --label <KEY=VALUE>',
      summary: 'all hosts with this label; several: with all of them',
      parse: collectLabels,
    },
    { flags: '--dry-run', summary: 'only show what would go where, and what would stay' },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [
    ['berth node drain h1 --dry-run', 'look first'],
    ['berth node drain h1', 'before the machine is switched off'],
    ['berth node drain --label rack=r1', 'before the whole rack is'],
  ],
  async run(context, { dryRun = false, yes, label = {} }, named) {
    const { out, globals, call, prompt } = context;
    const nodes = await nodesOf(context, named, label);
    const plans: (Moves & { node: string })[] = [];
    for (const node of nodes) {
      const without = nodes.filter((other) => other !== node);
      const plan = await call('node.drain', { node, dryRun: true, without });
      if (!globals.json) printPlan(context, plan);
      if (!globals.json && plan.waiting.length === 0) out.line(`${clean(node)}: nothing to move`);
      plans.push({ node, ...plan });
    }
    if (dryRun) {
      if (globals.json) out.json(plans);
      return;
    }
    const count = plans.reduce((sum, { waiting }) => sum + waiting.length, 0);
    const hosts = nodes.map(clean).join(', ');
    const question = count === 0 ? `Cordon ${hosts}?` : `Move ${containers(count)} away from ${hosts}?`;
    await prompt.confirm(question, yes);
    if (nodes.length > 1) for (const node of nodes) await call('node.cordon', { node });
    const answers: (Moves & { node: string })[] = [];
    for (const { node, ...plan } of plans) {
      await call('node.drain', { node });
      const done = await followMoves(context, () => call('node.drained', { node }));
      if (!globals.json) printStays(context, newStays(plan, done));
      answers.push({ node, ...done });
      if (!globals.json)
        out.line(`${clean(node)}: ${done.moved.length} moved, ${done.stays.length} stay, cordoned`);
    }
    if (globals.json) out.json(answers);
    const stay = answers.flatMap(({ stays }) => stays);
    if (stay.length > 0)
      throw new BerthError(
        'no_room',
        `${containers(stay.length)} ${stay.length === 1 ? 'stays' : 'stay'}: ${stay[0]?.name}: ${stay[0]?.reason}`,
        { hint: `remove ${stay.length === 1 ? 'it' : 'them'}, or make room, and drain again` },
      );
  },
});

async function nodesOf(
  { call }: CliContext,
  named: readonly string[],
  label: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const wanted = Object.entries(label);
  if (wanted.length === 0) {
    if (named.length > 0) return [...new Set(named)];
    throw new BerthError('bad_request', 'no host is named: give names or IDs, or --label KEY=VALUE');
  }
  if (named.length > 0)
    throw new BerthError('bad_request', `give either names (${named.join(', ')}) or --label, not both`);
  const { nodes } = await call('node.list');
  const found = nodes.filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
  if (found.length > 0) return found.map(({ name }) => name);
  const text = wanted.map(([key, value]) => `${key}=${value}`).join(', ');
  throw new BerthError('not_found', `no host has the label ${text}`, {
    hint: '"berth node inspect NAME" shows the labels of a host',
  });
}
