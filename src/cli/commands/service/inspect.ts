import { command } from '../../command.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';

export const serviceInspect = command<Record<never, never>, [service: string]>({
  name: 'service inspect',
  summary: 'Show all of a service, as JSON',
  arguments: [serviceArgument],
  examples: [['berth service inspect shop/web', 'what it is to be, and how it is']],
  async run({ call, out }, _, service) {
    out.json(await call('service.get', serviceRef(service)));
  },
});
