import type { ChangeEvent } from '../../contract/v1/cluster.ts';
import { command } from '../command.ts';
import { serviceText } from '../service-text.ts';
import { localTime } from '../terminal/format.ts';
import { clean } from '../terminal/text.ts';

export const events = command<{ after?: string }>({
  name: 'events',
  heading: 'Cluster:',
  summary: 'Follow what changes in the cluster, until Ctrl-C',
  details: 'A lost connection is taken up again where it broke off. With --json each event is one line.',
  options: [{ flags: '--after <ID>', summary: 'begin behind this event (the "id" that --json prints)' }],
  examples: [
    ['berth events', 'hosts, containers and services as they come and go'],
    ['berth events --json | jq .event', 'for a program'],
  ],
  async run({ out, globals, client, call, clock, signal }, { after }) {
    const connected = await client();
    // Containers name their host by its ID; people know hosts by their names. Also tells at once whether we may read.
    const { nodes } = await call('node.list');
    const names = new Map(nodes.map(({ id, name }) => [id, name]));
    for await (const { id, event } of connected.events({
      signal,
      ...(after === undefined ? {} : { after }),
    })) {
      if (event.kind === 'node') names.set(event.id, event.name);
      if (globals.json) out.jsonLine({ id, event });
      else out.line(`${out.style('dim', localTime(clock.now()))}  ${clean(sentence(event, names))}`);
    }
  },
});

function certificateSentence({ name, change, until, worry }: ChangeEvent & { kind: 'certificate' }): string {
  if (worry !== '' && change !== 'removed') return worry;
  const day = until === undefined ? 'not issued yet' : `until ${new Date(until).toISOString().slice(0, 16)}Z`;
  return `certificate ${name} ${change}: ${day}`;
}

function sentence(event: ChangeEvent, names: ReadonlyMap<string, string>): string {
  switch (event.kind) {
    case 'node':
      return `node ${event.name} ${event.change}: ${event.state}${event.cordoned ? ', cordoned' : ''}${event.reason === '' ? '' : ` (${event.reason})`}`;
    case 'container':
      return `container ${event.name} ${event.change}: ${event.state} on ${names.get(event.hostId) ?? (event.hostId || 'no host')} (${event.image})`;
    case 'stack':
      return `stack ${event.name} ${event.change}${event.removing ? ': is being taken away' : ''}`;
    case 'service':
      return `service ${event.stack}/${event.name} ${event.change}: ${serviceText(event)}`;
    case 'certificate':
      return certificateSentence(event);
    case 'network':
    case 'volume':
      return `${event.kind} ${event.name} ${event.change}${event.hostId === '' ? '' : ` on ${names.get(event.hostId) ?? event.hostId}`}`;
    case 'reset':
      return 'some events were missed: what came before this line may be out of date';
  }
}
