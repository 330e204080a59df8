import { command } from '../../command.ts';
import { serviceText } from '../../service-text.ts';
import { localTime } from '../../terminal/format.ts';
import { clean } from '../../terminal/text.ts';

export const stackEvents = command<Record<never, never>, [stack: string]>({
  name: 'stack events',
  summary: 'Follow what happens to a stack, until Ctrl-C',
  details: 'A lost connection is taken up again where it broke off. With --json each event is one line.',
  arguments: [{ name: '<STACK>', summary: 'its name' }],
  examples: [['berth stack events shop', 'its services, as their releases go on']],
  async run({ out, globals, client, call, clock, signal }, _, stack) {
    const connected = await client();
    await call('stack.get', { stack });
    for await (const { id, event } of connected.events({ signal })) {
      const isOurs =
        (event.kind === 'service' && event.stack === stack) ||
        (event.kind === 'stack' && event.name === stack);
      if (!isOurs) continue;
      if (globals.json) {
        out.jsonLine({ id, event });
        continue;
      }
      const text =
        event.kind === 'service' ? `${event.name} ${event.change}: ${serviceText(event)}` : event.change;
      out.line(`${out.style('dim', localTime(clock.now()))}  ${clean(text)}`);
    }
  },
});
