import { registryName } from '../../../model/registry-login.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const registryLogout = command<Record<never, never>, [registry: string]>({
  name: 'registry logout',
  summary: 'Forget a log-in of a registry; images that hosts have stay',
  arguments: [{ name: '<REGISTRY>', summary: 'as "berth registry ls" prints it' }],
  examples: [['berth registry logout registry.example.com', 'services pull there without it from now on']],
  async run({ call, out, globals }, _, address) {
    const registry = registryName(address);
    await call('registry.logout', { registry });
    if (globals.json) out.json({ registry });
    else out.line(`the log-in of ${clean(registry)} is forgotten`);
  },
});
