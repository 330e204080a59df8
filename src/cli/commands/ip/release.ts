import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const ipRelease = command<Record<never, never>, [network: string, reservations: string[]]>({
  name: 'ip release',
  summary: 'Give reservations of addresses up',
  details: 'A container that has such an address keeps it for as long as it is there.',
  arguments: [
    { name: '<NETWORK>', summary: 'name or ID of a network that spans hosts' },
    { name: '<RESERVATION...>', summary: 'names or addresses' },
  ],
  examples: [['berth ip release vlan1 db', 'the address may go to another container once db is gone']],
  async run({ out, globals, call }, _, network, reservations) {
    const released: string[] = [];
    for (const reservation of reservations) {
      const answer = await call('ip.release', { network, reservation });
      released.push(...answer.released);
      if (!globals.json) for (const ip of answer.released) out.line(`released ${clean(ip)}`);
    }
    if (globals.json) out.json({ released });
  },
});
