import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';

export const lbInspect = command<Record<never, never>, [name: string]>({
  name: 'lb inspect',
  summary: 'Show all of a balancer, as JSON',
  arguments: [{ name: '<NAME>', summary: 'the balancer' }],
  examples: [['berth lb inspect crm', 'with where each target is reached, or why not']],
  async run({ out, call }, _, name) {
    const { balancers } = await call('balancer.list', {});
    const found = balancers.find((one) => one.name === name);
    if (found === undefined)
      throw new BerthError('not_found', `there is no balancer "${name}"`, {
        hint: '"berth lb ls" lists them',
      });
    out.json(found);
  },
});
