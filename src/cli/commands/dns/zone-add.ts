import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';
import { collect } from '../../values.ts';
import { type ZoneFlags, zoneOptions, zoneSettings } from './zone-options.ts';

export const dnsZoneAdd = command<ZoneFlags & { wildcard?: string[] }, [zone: string]>({
  name: 'dns zone add',
  summary: 'Make a zone that the manager answers for',
  details:
    'The manager answers where "berth up --dns-listen" says. Have the zone delegated to it (an NS record in the zone above), ' +
    "or let the company's own name servers fetch it: --transfer and --notify with their addresses.",
  arguments: [{ name: '<ZONE>', summary: 'its name, such as apps.example.com' }],
  options: [
    {
      flags: '--wildcard <ADDRESS>',
      summary: 'where all names lead that have no record of their own; may be given several times',
      parse: collect,
    },
    ...zoneOptions,
  ],
  examples: [
    [
      'berth dns zone add apps.example.com --wildcard 192.0.2.10 --wildcard 192.0.2.11',
      'all apps by two entry points',
    ],
    [
      'berth dns zone add apps.example.com --ns ns1.example.com --transfer 192.0.2.53 --notify 192.0.2.53',
      "with the company's name server as secondary",
    ],
  ],
  async run({ out, globals, call }, { wildcard, ...flags }, name) {
    const zone = await call('dns.zone.create', {
      ...{ name, ...zoneSettings(flags) },
      ...(wildcard === undefined ? {} : { wildcard }),
    });
    if (globals.json) {
      out.json(zone);
      return;
    }
    out.line(clean(zone.name));
    const { listens } = await call('dns.zone.list');
    if (listens === undefined)
      out.note(
        'no name server listens yet: "berth down", then "berth up --dns-listen ADDRESS:53" on the manager',
      );
  },
});
