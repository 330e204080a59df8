import { command } from '../../command.ts';
import { printBalancer } from './print.ts';

export const lbDetach = command<Record<never, never>, [name: string, targets: string[]]>({
  name: 'lb detach',
  summary: 'Take targets from a balancer; requests under way end',
  arguments: [
    { name: '<NAME>', summary: 'the balancer' },
    { name: '<TARGET...>', summary: 'as "berth lb inspect" lists them' },
  ],
  examples: [['berth lb detach crm web1:8080', 'one of its targets']],
  async run(context, _, balancer, detach) {
    printBalancer(context, await context.call('balancer.change', { balancer, detach }));
  },
});
