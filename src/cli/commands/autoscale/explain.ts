import { timesOf } from '../../../model/scaling.ts';
import { command } from '../../command.ts';
import { timesText } from '../../scaling-text.ts';
import { serviceArgument, serviceRef } from '../../service-ref.ts';
import { clean } from '../../terminal/text.ts';

export const autoscaleExplain = command<Record<never, never>, [service: string]>({
  name: 'autoscale explain',
  summary: 'Say why a service has as many containers as it has',
  details: 'What each rule sees and wants, what holds the number, and when it changes if all stays so.',
  arguments: [serviceArgument],
  examples: [['berth autoscale explain shop/web', 'why it does not become more']],
  async run({ call, out, globals }, _, service) {
    const answer = await call('autoscale.explain', serviceRef(service));
    if (globals.json) {
      out.json(answer);
      return;
    }
    for (const sentence of answer.sentences) out.line(clean(sentence));
    out.note(timesText(timesOf(answer.scaling)));
  },
});
