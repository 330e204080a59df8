import type { BalancerView } from '../../../contract/v1/balancers.ts';
import type { CliContext } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

/** A balancer after a change: what leads where, in a line, and what does not work of it. */
export function printBalancer({ out, globals }: CliContext, balancer: BalancerView): void {
  if (globals.json) {
    out.json(balancer);
    return;
  }
  const { name, listens, targets } = balancer;
  const shown = targets.map((one) => `${one.name}=${one.weight}`).join(' ');
  out.line(clean(`${name}: ${listens.join(', ') || 'no listener'} -> ${shown || 'no target'}`));
  for (const { name: target, problem } of targets)
    if (problem !== undefined) out.warn(clean(`${target} gets nothing: ${problem}`));
}
