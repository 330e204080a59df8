import { command } from '../../command.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { type LogFlags, logOptions, showLogs } from '../../show-logs.ts';

export const serviceLogs = command<LogFlags, [service: string]>({
  name: 'service logs',
  summary: 'Show what the containers of a service have written',
  details: 'As "berth stack logs", of one service.',
  arguments: [serviceArgument],
  options: [...logOptions],
  examples: [['berth service logs -f shop/web', 'of all of its containers, as they write']],
  run: (context, flags, service) => showLogs(context, flags, serviceRef(service)),
});
