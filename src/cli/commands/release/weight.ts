import { command } from '../../command.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

export const releaseWeight = command<Record<never, never>, [service: string, percent: string]>({
  name: 'release weight',
  summary: 'Set the share of requests that the new version of a service gets',
  details:
    'Of a blue-green or canary release whose containers are ready. Its steps end there: it waits for "berth release confirm" or "rollback". Browsers with a cookie of the old version stay with it until it goes.',
  arguments: [serviceArgument, { name: '<PERCENT>', summary: '0 to 100; the old version gets the rest' }],
  examples: [
    ['berth release weight shop/web 20', 'one request in five'],
    ['berth release weight shop/web 0', 'all to the old version, which the new one stays beside'],
  ],
  async run({ call, out, globals }, _, service, percent) {
    const weight = Number(parseCount(0, 100)(percent, undefined, '<PERCENT>'));
    const answer = await call('release.weight', { ...serviceRef(service), weight });
    if (globals.json) out.json(answer);
    else out.line(`${clean(service)}: ${weight} % of the requests go to release ${answer.release.number}`);
  },
});
