import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';
import { type ZoneFlags, zoneOptions, zoneSettings } from './zone-options.ts';

export const dnsZoneSet = command<ZoneFlags, [zone: string]>({
  name: 'dns zone set',
  summary: 'Change a zone; a list that is given takes the place of the one before',
  arguments: [{ name: '<ZONE>', summary: 'its name' }],
  options: zoneOptions,
  examples: [
    ['berth dns zone set apps.example.com --transfer 192.0.2.53 --notify 192.0.2.53', 'another secondary'],
  ],
  async run({ out, globals, call }, flags, zone) {
    const changed = await call('dns.zone.change', { zone, ...zoneSettings(flags) });
    if (globals.json) out.json(changed);
    else out.line(`${clean(changed.name)}: serial ${changed.serial}`);
  },
});
