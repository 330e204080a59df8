import { command } from '../../command.ts';
import { rulesText } from '../../scaling-text.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';

export const autoscaleRm = command<Record<never, never>, [service: string]>({
  name: 'autoscale rm',
  aliases: ['remove'],
  summary: 'Take away what "berth autoscale set" has set',
  details:
    'Then the rules of the compose file count again, where it has some. The number of containers stays.',
  arguments: [serviceArgument],
  examples: [['berth autoscale rm shop/web', 'it is as its compose file says']],
  async run({ call, out, globals }, _, service) {
    const answer = await call('autoscale.remove', serviceRef(service));
    const { scaling } = answer;
    if (globals.json) out.json(answer);
    else if (scaling === null) out.line(`${clean(service)} does not scale by itself any more`);
    else out.line(`${clean(service)} scales as its compose file says: ${rulesText(scaling)}`);
  },
});
