import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const nodeFailover = command<{ yes?: boolean }, [nodes: string[]]>({
  name: 'node failover',
  summary: 'Say that hosts are gone, where so many vanished at once that nothing was moved',
  details:
    'A host that is down loses its containers with a fail-over policy by itself. Where over half of the hosts vanish at ' +
    'once it is more likely the network of the manager, so nothing is moved ("berth status" says so) until they are back ' +
    'or this names those which are truly gone. A host that still runs, cut off, then runs them twice until it is back.',
  arguments: [{ name: '<NODE...>', summary: 'names or IDs' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth node failover h2 h3', 'the rack of h2 and h3 has lost its power']],
  async run({ out, globals, call, prompt }, { yes }, nodes) {
    const answers = [];
    for (const node of nodes) {
      await prompt.confirm(
        `Is the host ${clean(node)} gone, so that its containers may start elsewhere?`,
        yes,
      );
      answers.push(await call('node.failover', { node }));
      if (!globals.json) out.line(`${clean(node)}: its containers with a fail-over policy move`);
    }
    if (globals.json) out.json(answers);
  },
});
