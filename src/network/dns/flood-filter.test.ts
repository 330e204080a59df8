import { expect, it } from 'vitest';
import { filterFloods, floodRules } from './flood-filter.ts';

const rules = floodRules('169.254.53.53', 53, { perSecond: 1000, burst: 2000 });

it('counts questions by source, and connections too', () => {
  expect(rules.map((rule) => rule.join(' '))).toEqual([
    'INPUT -p udp -d 169.254.53.53 --dport 53 -m hashlimit --hashlimit-name berth-names --hashlimit-mode srcip --hashlimit-above 1000/second --hashlimit-burst 2000 -j DROP',
    'INPUT -p tcp --syn -d 169.254.53.53 --dport 53 -m hashlimit --hashlimit-name berth-names-tcp --hashlimit-mode srcip --hashlimit-above 100/second --hashlimit-burst 200 -j DROP',
  ]);
});

it('puts rules there once', async () => {
  const there = new Set<string>();
  const ran: string[] = [];
  const run = async (argv: readonly string[]) => {
    const [, , , , , , what = '', ...rule] = argv;
    if (what === '-C' && !there.has(rule.join(' '))) throw new Error('no such rule');
    if (what === '-I') there.add(rule.join(' '));
    ran.push(`${argv.slice(0, 6).join(' ')} ${what}`);
    return '';
  };
  expect(await filterFloods(run, '/run/netns/berth-1', rules)).toBeUndefined();
  expect(await filterFloods(run, '/run/netns/berth-1', rules)).toBeUndefined();
  const iptables = 'nsenter --net=/run/netns/berth-1 -- iptables -w 5';
  expect(ran).toEqual([`${iptables} -I`, `${iptables} -I`, `${iptables} -C`, `${iptables} -C`]);
});

it('says why it cannot', async () => {
  const run = async () => {
    throw new Error('iptables: no hashlimit here');
  };
  expect(await filterFloods(run, '/run/netns/berth-1', rules)).toBe('iptables: no hashlimit here');
});
