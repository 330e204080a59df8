import { command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import { type FollowFlags, followStack } from '../../follow-stack.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';

export const serviceRestart = command<FollowFlags, [service: string]>({
  name: 'service restart',
  summary: 'Make the containers of a service anew, by its update policy',
  arguments: [serviceArgument],
  options: [...followOptions],
  examples: [['berth service restart shop/web', 'as many at a time as an update would replace']],
  async run(context, flags, service) {
    const ref = serviceRef(service);
    const answer = await context.call('service.restart', ref);
    if (context.globals.json) context.out.json(answer);
    if (flags.detach !== true) await followStack(context, ref.stack, flags, [ref.service]);
    if (!context.globals.json) context.out.line(`${clean(service)} is release ${answer.release.number}`);
  },
});
