import { BerthError } from '../../../kit/errors.ts';
import { type CliContext, command } from '../../command.ts';
import { followOptions } from '../../follow-options.ts';
import { type FollowFlags, followStack } from '../../follow-stack.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

type Flags = FollowFlags & Readonly<{ dryRun?: boolean }>;

export const serviceScale = command<Flags, [service: string, count: string]>({
  name: 'service scale',
  summary: 'Set the number of containers of a service',
  details:
    'It stays until the stack is deployed again: then the number is the compose file’s. With --dry-run nothing is done: it ' +
    'shows which containers would come and where, and which would go. Exit code 5 where some would find no host.',
  arguments: [serviceArgument, { name: '<N>', summary: 'containers, from 0' }],
  options: [...followOptions, { flags: '--dry-run', summary: 'only show what would come and go' }],
  examples: [
    ['berth service scale shop/web 5', 'five of them'],
    ['berth service scale shop/web 20 --dry-run', 'is there room for twenty, and where?'],
  ],
  async run(context, flags, service, count) {
    const ref = serviceRef(service);
    const replicas = Number(parseCount(0, 10_000)(count, undefined, '<N>'));
    if (flags.dryRun === true) {
      await showPlan(context, { ...ref, replicas });
      return;
    }
    const answer = await context.call('service.scale', { ...ref, replicas });
    if (context.globals.json) context.out.json(answer);
    if (flags.detach !== true) await followStack(context, ref.stack, flags, [ref.service]);
    if (!context.globals.json) context.out.line(`${clean(service)} scaled to ${replicas}`);
  },
});

async function showPlan(
  { call, out, globals }: CliContext,
  wanted: Readonly<{ stack: string; service: string; replicas: number }>,
): Promise<void> {
  const plan = await call('service.plan', wanted);
  const { coming, leaving, refusal } = plan;
  if (globals.json) out.json(plan);
  else if (coming.length + leaving.length === 0) out.line('nothing would change: there are so many');
  else
    out.table(
      [
        { header: '', cell: ({ sign }) => sign },
        { header: 'CONTAINER', cell: ({ name }) => name },
        { header: 'HOST', cell: ({ host }) => host ?? { text: 'none', style: 'red' as const } },
      ],
      [
        ...coming.map(({ name, host }) => ({ sign: '+', name, host })),
        ...leaving.map(({ name, host }) => ({ sign: '-', name, host })),
      ],
    );
  const without = coming.filter(({ host }) => host === undefined).length;
  if (without === 0) return;
  throw new BerthError('no_room', `${without} of ${coming.length} would find no host: ${refusal}`, {
    hint: 'ask for fewer, or add a host ("berth token create")',
  });
}
