import { command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import { type FollowFlags, followStack } from '../../follow-stack.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';

export const releaseConfirm = command<FollowFlags, [service: string]>({
  name: 'release confirm',
  summary: 'Give all requests to the new version of a service, and take the old one away',
  details: 'Of a blue-green or canary release; what is left of its steps is left out.',
  arguments: [serviceArgument],
  options: [...followOptions],
  examples: [['berth release confirm shop/web', 'the new version is well']],
  async run(context, flags, service) {
    const ref = serviceRef(service);
    const answer = await context.call('release.confirm', ref);
    if (context.globals.json) context.out.json(answer);
    if (flags.detach !== true) await followStack(context, ref.stack, flags, [ref.service]);
    if (!context.globals.json) context.out.line(`${clean(service)} is release ${answer.release.number}`);
  },
});
