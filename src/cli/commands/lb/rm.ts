import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const lbRm = command<{ yes?: boolean }, [names: string[]]>({
  name: 'lb rm',
  aliases: ['remove'],
  summary: 'Remove balancers; their targets run on',
  arguments: [{ name: '<NAME...>', summary: 'balancers' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth lb rm crm', 'its domains are free then']],
  run: (context, { yes }, names) =>
    removeAll(context, names, 'Remove the balancer', yes, (balancer) =>
      context.call('balancer.delete', { balancer }),
    ),
});
