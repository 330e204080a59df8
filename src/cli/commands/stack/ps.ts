import { command } from '../../command.ts';
import { printMembers } from '../../member-table.ts';

export const stackPs = command<{ quiet?: boolean }, [stack: string]>({
  name: 'stack ps',
  summary: 'List the containers of a stack',
  arguments: [{ name: '<STACK>', summary: 'its name' }],
  options: [{ flags: '-q, --quiet', summary: 'print the IDs only' }],
  examples: [['berth stack ps shop', 'where its containers are, and how they are']],
  async run(context, { quiet }, stack) {
    printMembers(context, (await context.call('stack.ps', { stack })).containers, quiet);
  },
});
