import { type CliContext, command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

const argument = { name: '<NODE...>', summary: 'names or IDs' };

export const nodeCordon = command<Record<never, never>, [nodes: string[]]>({
  name: 'node cordon',
  summary: 'Place nothing new on hosts; what is there runs on',
  arguments: [argument],
  examples: [['berth node cordon h1', 'before work on the machine']],
  run: (context, _, nodes) => setCordon(context, nodes, 'node.cordon'),
});

export const nodeUncordon = command<Record<never, never>, [nodes: string[]]>({
  name: 'node uncordon',
  summary: 'Let hosts take new containers again',
  arguments: [argument],
  examples: [['berth node uncordon h1', 'after the work']],
  run: (context, _, nodes) => setCordon(context, nodes, 'node.uncordon'),
});

/** One after the other: where one is refused, those before it are done and were told. */
async function setCordon(
  { out, globals, call }: CliContext,
  nodes: readonly string[],
  route: 'node.cordon' | 'node.uncordon',
): Promise<void> {
  const changed = [];
  for (const node of nodes) {
    const answer = await call(route, { node });
    changed.push(answer);
    if (!globals.json)
      out.line(`${clean(answer.name)}: ${answer.cordoned ? 'cordoned' : 'takes containers'}`);
  }
  if (globals.json) out.json(changed);
}
