import { messageOf } from '../../kit/errors.ts';
import type { Rate } from '../../kit/rate-limit.ts';
import type { Run } from '../commands.ts';

/**
 * A flood must not come as far as the socket: its buffer is one for all askers of a network, and what does not fit is lost,
 * whoever sent it. So the kernel counts by source as well, in the network's own namespace, where the rules vanish with it.
 * iptables is there wherever Docker is.
 */
export function floodRules(address: string, port: number, { perSecond, burst }: Rate): string[][] {
  const to = ['-d', address, '--dport', String(port)];
  const above = (name: string, rate: number, most: number) => [
    ...['-m', 'hashlimit', '--hashlimit-name', name, '--hashlimit-mode', 'srcip'],
    ...['--hashlimit-above', `${rate}/second`, '--hashlimit-burst', String(most), '-j', 'DROP'],
  ];
  // Connections cost more than questions; a tenth of them is still more than a resolver opens.
  return [
    ['INPUT', '-p', 'udp', ...to, ...above('berth-names', perSecond, burst)],
    ['INPUT', '-p', 'tcp', '--syn', ...to, ...above('berth-names-tcp', perSecond / 10, burst / 10)],
  ];
}

/** Puts the rules there that are not. @returns why it cannot; undefined where all are there */
export async function filterFloods(
  run: Run,
  namespacePath: string,
  rules: readonly (readonly string[])[],
): Promise<string | undefined> {
  const iptables = ['nsenter', `--net=${namespacePath}`, '--', 'iptables', '-w', '5'];
  for (const rule of rules) {
    const isThere = await run([...iptables, '-C', ...rule]).then(
      () => true,
      () => false,
    );
    if (isThere) continue;
    try {
      await run([...iptables, '-I', ...rule]);
    } catch (thrown) {
      return messageOf(thrown);
    }
  }
  return undefined;
}
