import { parseCheck } from '../../../contract/balancer-words.ts';
import { BerthError } from '../../../kit/errors.ts';
import { ROUTE_FIELDS } from '../../../model/route-fields.ts';
import { command } from '../../command.ts';
import { printBalancer } from './print.ts';

export const lbSet = command<{ check?: string; sticky?: string }, [name: string, words: string[]]>({
  name: 'lb set',
  summary: 'Give a balancer rules, a check, sticky sessions',
  details: `Rules are those that services have as labels (docs/guide/routes.md): ${Object.keys(ROUTE_FIELDS).join(', ')}.`,
  arguments: [
    { name: '<NAME>', summary: 'the balancer' },
    { name: '[RULE=VALUE...]', summary: 'rules; RULE= takes one away' },
  ],
  options: [
    {
      flags: '--check <CHECK>',
      summary: 'how routers see that a target answers: tcp (a connection), http:/PATH (2xx or 3xx), none',
    },
    {
      flags: '--sticky <WHETHER>',
      summary: 'requests with the same cookie go to the same target',
      choices: ['on', 'off'],
    },
  ],
  examples: [
    ['berth lb set crm rate_limit=100/s gzip=true', 'two rules'],
    ['berth lb set crm gzip=', 'one of them no more'],
    ['berth lb set crm --check http:/healthy --sticky on', 'a check by request'],
  ],
  async run(context, { check, sticky }, balancer, words) {
    const rules = Object.fromEntries(words.map(ruleOf));
    printBalancer(
      context,
      await context.call('balancer.change', {
        ...{ balancer, rules },
        ...(check === undefined ? {} : { check: parseCheck(check) }),
        ...(sticky === undefined ? {} : { sticky: sticky === 'on' }),
      }),
    );
  },
});

function ruleOf(word: string): readonly [string, string | null] {
  const at = word.indexOf('=');
  if (at < 1)
    throw new BerthError('bad_request', `"${word}" is not RULE=VALUE`, { hint: 'write it as gzip=true' });
  return [word.slice(0, at), word.slice(at + 1) || null];
}
