import { command } from '../../command.ts';
import { printList } from '../../list.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { when } from '../../terminal/format.ts';
import { clean } from '../../terminal/text.ts';
import { errorText, rateText, timeText } from '../../traffic-text.ts';

export const releaseStatus = command<Record<never, never>, [service: string]>({
  name: 'release status',
  summary: 'Show how far a release is: its versions, their shares of the requests, and how they answer',
  details: 'Requests, errors and 95th percentile are those of the last minute.',
  arguments: [serviceArgument],
  examples: [['berth release status shop/web', 'both versions of a release that waits for confirmation']],
  async run(context, _, service) {
    const status = await context.call('release.status', serviceRef(service));
    const { out, clock } = context;
    const { release, kind, next, waiting, missing } = status;
    if (context.globals.json) {
      out.json(status);
      return;
    }
    const by = `${kind}, by ${clean(release.by)} ${when(release.at, clock.now())}`;
    out.line(`${clean(service)}: release ${release.number} is ${release.state} (${by})`);
    for (const text of [release.reason, waiting, next]) if (text !== '') out.line(`  ${clean(text)}`);
    if (missing.length > 0)
      out.warn(`not in the figures, as they have not told of all of the last minute: ${missing.join(', ')}`);
    printList(context, status.versions, {
      quiet: false,
      id: ({ release: number }) => String(number),
      empty: 'it has no containers',
      columns: [
        { header: 'RELEASE', align: 'right', cell: ({ release: number }) => String(number) },
        { header: 'IMAGE', cell: ({ image }) => image },
        { header: 'READY', align: 'right', cell: ({ ready, containers }) => `${ready}/${containers}` },
        { header: 'SHARE', align: 'right', cell: ({ weight }) => (weight === null ? '' : `${weight} %`) },
        { header: 'REQUESTS', align: 'right', cell: ({ traffic }) => rateText(traffic) },
        { header: 'ERRORS', align: 'right', cell: ({ traffic }) => errorText(traffic) },
        { header: 'P95', align: 'right', cell: ({ traffic }) => timeText(traffic.p95) },
      ],
    });
  },
});
