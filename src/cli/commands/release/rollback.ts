import { command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import { type FollowFlags, followStack } from '../../follow-stack.ts';
import { refuseReplaced } from '../../refuse-replaced.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

export const releaseRollback = command<FollowFlags & Readonly<{ to?: number }>, [service: string]>({
  name: 'release rollback',
  summary: 'Bring an earlier release of a service back, as a new one',
  arguments: [serviceArgument],
  options: [
    {
      flags: '--to <RELEASE>',
      summary: 'number of the release',
      parse: parseCount(1, 999_999_999),
      fallback: 'the last one before this that was done',
    },
    ...followOptions,
  ],
  examples: [
    ['berth release rollback shop/web', 'the one before this'],
    ['berth release rollback shop/web --to 3', 'one of the last 20'],
  ],
  async run(context, { to, ...flags }, service) {
    const ref = serviceRef(service);
    const answer = await context.call('release.rollback', { ...ref, ...(to === undefined ? {} : { to }) });
    if (context.globals.json) context.out.json(answer);
    if (flags.detach !== true) {
      const services = await followStack(context, ref.stack, flags, [ref.service]);
      await refuseReplaced(context, services, [{ ...ref, number: answer.release.number }]);
    }
    if (!context.globals.json) context.out.line(`${clean(service)} is release ${answer.release.number}`);
  },
});
