import { command } from '../../command.ts';
import { printMembers } from '../../member-table.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';

export const servicePs = command<{ quiet?: boolean }, [service: string]>({
  name: 'service ps',
  summary: 'List the containers of a service',
  arguments: [serviceArgument],
  options: [{ flags: '-q, --quiet', summary: 'print the IDs only' }],
  examples: [['berth service ps shop/web', 'where they are, and of which release']],
  async run(context, { quiet }, service) {
    printMembers(context, (await context.call('service.ps', serviceRef(service))).containers, quiet);
  },
});
