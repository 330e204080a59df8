import { command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import { type FollowFlags, followStack } from '../../follow-stack.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';

export const releasePause = command<Record<never, never>, [service: string]>({
  name: 'release pause',
  summary: 'Stop a release where it is',
  arguments: [serviceArgument],
  examples: [['berth release pause shop/web', 'what is replaced already stays so']],
  async run({ call, out, globals }, _, service) {
    const answer = await call('release.pause', serviceRef(service));
    if (globals.json) out.json(answer);
    else out.line(`${clean(service)}: release ${answer.release.number} is paused`);
  },
});

export const releaseResume = command<FollowFlags, [service: string]>({
  name: 'release resume',
  summary: 'Go on with a release that was stopped',
  arguments: [serviceArgument],
  options: [...followOptions],
  examples: [['berth release resume shop/web', 'once what was wrong is mended']],
  async run(context, flags, service) {
    const ref = serviceRef(service);
    const answer = await context.call('release.resume', ref);
    if (context.globals.json) context.out.json(answer);
    if (flags.detach !== true) await followStack(context, ref.stack, flags, [ref.service]);
    if (!context.globals.json) context.out.line(`${clean(service)} is release ${answer.release.number}`);
  },
});
