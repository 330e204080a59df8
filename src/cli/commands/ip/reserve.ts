import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const ipReserve = command<{ ip?: string }, [network: string, name: string]>({
  name: 'ip reserve',
  summary: 'Keep an address for containers of a name, through their removal and their return',
  details:
    'Without --ip it is the address that the container of that name has, or a free one. A network with IPv6 has one of each.',
  arguments: [
    { name: '<NETWORK>', summary: 'name or ID of a network that spans hosts' },
    { name: '<NAME>', summary: 'name of the container, which need not be there yet' },
  ],
  options: [{ flags: '--ip <ADDRESS>', summary: 'this address' }],
  examples: [
    ['berth ip reserve vlan1 db', 'what db has now, it will always have'],
    ['berth ip reserve vlan1 --ip 100.200.163.11 web', 'an address for a container to come'],
  ],
  async run({ out, globals, call }, { ip }, network, name) {
    const { addresses } = await call('ip.reserve', { network, name, ...(ip === undefined ? {} : { ip }) });
    if (globals.json) out.json({ addresses });
    else for (const address of addresses) out.line(clean(address.ip));
  },
});
