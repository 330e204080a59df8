import { command } from '../../command.ts';
import { followRemoval } from '../../follow-stack.ts';
import { clean } from '../../terminal/text.ts';

export const stackRm = command<{ yes?: boolean; detach?: boolean }, [stacks: string[]]>({
  name: 'stack rm',
  aliases: ['remove', 'down'],
  summary: 'Take stacks away: containers and networks; volumes stay',
  arguments: [{ name: '<STACK...>', summary: 'names' }],
  options: [
    { flags: '-d, --detach', summary: 'do not wait until they are gone' },
    { flags: '-y, --yes', summary: 'do not ask' },
  ],
  examples: [['berth stack rm shop', 'its volumes are kept: "docker volume rm" removes them by name']],
  async run(context, { yes, detach }, stacks) {
    const { call, prompt, out, globals } = context;
    for (const stack of stacks) await call('stack.get', { stack });
    await prompt.confirm(`Take away ${stacks.map(clean).join(', ')}, without their volumes?`, yes);
    for (const stack of stacks) await call('stack.remove', { stack });
    if (detach !== true) for (const stack of stacks) await followRemoval(context, stack);
    if (globals.json) out.json(stacks);
    else for (const stack of stacks) out.line(clean(stack));
  },
});
