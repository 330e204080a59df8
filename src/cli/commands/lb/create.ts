import { command } from '../../command.ts';
import { printBalancer } from './print.ts';

export const lbCreate = command<Record<never, never>, [name: string]>({
  name: 'lb create',
  summary: 'Make a balancer, for targets that are no services',
  details:
    'A service of a stack needs none: its labels say under which domain it is reached. A balancer leads to containers that were started by hand, and to addresses outside of the cluster.',
  arguments: [{ name: '<NAME>', summary: 'up to 40 small letters, digits and -' }],
  examples: [
    ['berth lb create crm', 'then: berth lb attach crm 192.0.2.7:8080, berth lb listen crm crm.example.com'],
  ],
  async run(context, _, name) {
    printBalancer(context, await context.call('balancer.create', { name }));
  },
});
