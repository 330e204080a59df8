import { BerthError } from '../../../kit/errors.ts';
import { type CliContext, command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import { type FollowFlags, followStack } from '../../follow-stack.ts';
import { refuseReplaced } from '../../refuse-replaced.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

export const releaseRollback = command<FollowFlags & Readonly<{ to?: number }>, [service: string]>({
  name: 'release rollback',
  summary: 'Bring an earlier release of a service back, as a new one',
  details:
    'Without --to it is refused (exit code 4) where the service goes back already, or another release has begun meanwhile.',
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
    const which = to === undefined ? { release: await seenRelease(context, ref) } : { to };
    const answer = await context.call('release.rollback', { ...ref, ...which });
    if (context.globals.json) context.out.json(answer);
    if (flags.detach !== true) {
      const services = await followStack(context, ref.stack, flags, [ref.service]);
      await refuseReplaced(context, services, [{ ...ref, number: answer.release.number }]);
    }
    if (!context.globals.json) context.out.line(`${clean(service)} is release ${answer.release.number}`);
  },
});

/**
 * The release that is gone back from. Two who go back at once would otherwise undo each other: the release before the first
 * one's way back is the bad one.
 * @throws BerthError `conflict` where the service goes back already
 */
async function seenRelease({ call }: CliContext, ref: ReturnType<typeof serviceRef>): Promise<number> {
  const { number, state, cause, by } = (await call('release.status', ref)).release;
  if (cause.kind !== 'rollback' || state !== 'releasing') return number;
  const service = `${ref.stack}/${ref.service}`;
  throw new BerthError(
    'conflict',
    `service ${service} goes back to ${cause.to} already, by release ${number}${cause.automatic ? '' : ` of ${by}`}`,
    {
      hint: `"berth release status ${service}" shows how far it is; --to names another one to go to all the same`,
    },
  );
}
