import { dataText, parseDnsCheck, RECORD_TYPES, recordData } from '../../../contract/dns-words.ts';
import type { DnsCheck, DnsData } from '../../../model/dns.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';
import { parseCount } from '../../values.ts';

type Flags = Readonly<{ ttl?: number; weight?: number; check?: DnsCheck }>;

export const dnsAdd = command<Flags, [zone: string, name: string, type: DnsData['type'], data: string[]]>({
  name: 'dns add',
  summary: 'Add a record to a zone',
  details:
    'Several A or AAAA records of one name are a set. With weights each answer is one of them, chosen by weight; with checks ' +
    'the manager looks at each every 10 s and leaves out those that fail, unless all do.',
  arguments: [
    { name: '<ZONE>', summary: 'name of the zone' },
    { name: '<NAME>', summary: 'within the zone: www, @ (the zone itself), *' },
    { name: '<TYPE>', summary: 'type of the record', choices: RECORD_TYPES },
    { name: '<DATA...>', summary: 'as in a zone file: an address, a name, "10 mail.example.com" for MX' },
  ],
  options: [
    {
      flags: '--ttl <SECONDS>',
      summary: "how long it may be kept; the zone's own",
      parse: parseCount(0, 604_800),
    },
    { flags: '--weight <N>', summary: 'its share of the answers', parse: parseCount(0, 255) },
    {
      flags: '--check <CHECK>',
      summary: 'tcp:PORT, or http:PORT/PATH: a status under 400',
      parse: parseDnsCheck,
    },
  ],
  examples: [
    ['berth dns add apps.example.com www A 192.0.2.10', 'one address'],
    [
      'berth dns add apps.example.com shop A 192.0.2.10 --weight 3 --check http:80/healthz',
      'an entry point of several',
    ],
    ['berth dns add apps.example.com @ MX 10 mail.example.com', 'where mail goes'],
  ],
  async run({ out, globals, call }, { ttl, weight, check }, zone, name, type, words) {
    const record = await call('dns.record.create', {
      ...{ zone, name, data: recordData(type, words) },
      ...(ttl === undefined ? {} : { ttl }),
      ...(weight === undefined ? {} : { weight }),
      ...(check === undefined ? {} : { check }),
    });
    if (globals.json) out.json(record);
    else out.line(`${record.id}: ${clean(`${record.name} ${record.data.type} ${dataText(record.data)}`)}`);
  },
});
