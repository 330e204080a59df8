import { command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import { type FollowFlags, followStack } from '../../follow-stack.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

export const serviceScale = command<FollowFlags, [service: string, count: string]>({
  name: 'service scale',
  summary: 'Set the number of containers of a service',
  details: 'It stays until the stack is deployed again: then the number is the compose file’s.',
  arguments: [serviceArgument, { name: '<N>', summary: 'containers, from 0' }],
  options: [...followOptions],
  examples: [['berth service scale shop/web 5', 'five of them']],
  async run(context, flags, service, count) {
    const ref = serviceRef(service);
    const replicas = Number(parseCount(0, 10_000)(count, undefined, '<N>'));
    const answer = await context.call('service.scale', { ...ref, replicas });
    if (context.globals.json) context.out.json(answer);
    if (flags.detach !== true) await followStack(context, ref.stack, flags, [ref.service]);
    if (!context.globals.json) context.out.line(`${clean(service)} scaled to ${replicas}`);
  },
});
