import { command } from '../../command.ts';
import { parseCount } from '../../values.ts';
import { printBalancer } from './print.ts';

export const lbWeight = command<Record<never, never>, [name: string, target: string, weight: string]>({
  name: 'lb weight',
  summary: 'Give a target another share of new requests',
  arguments: [
    { name: '<NAME>', summary: 'the balancer' },
    { name: '<TARGET>', summary: 'as "berth lb inspect" lists it' },
    { name: '<WEIGHT>', summary: '0 to 100, in relation to the others; 0: only requests with its cookie' },
  ],
  examples: [['berth lb weight crm web2:8080 10', 'a tenth of what one with 100 gets']],
  async run(context, _, balancer, target, weight) {
    const share = parseCount(0, 100)(weight, undefined, 'WEIGHT') as number;
    printBalancer(context, await context.call('balancer.change', { balancer, weights: { [target]: share } }));
  },
});
