import { parseTarget } from '../../../contract/balancer-words.ts';
import { command } from '../../command.ts';
import { parseCount } from '../../values.ts';
import { printBalancer } from './print.ts';

export const lbAttach = command<{ weight?: number }, [name: string, targets: string[]]>({
  name: 'lb attach',
  summary: 'Lead a balancer to containers, addresses and names',
  details:
    'A container is reached by the port of its host that it publishes, and only while it is ready; an address as it stands. A name (dns:NAME:PORT) is looked up by the ingress hosts themselves, again and again; each address that it leads to is a server.',
  arguments: [
    { name: '<NAME>', summary: 'the balancer' },
    {
      name: '<TARGET...>',
      summary: 'CONTAINER:PORT, or ADDRESS:PORT or dns:NAME:PORT of something outside of the cluster',
    },
  ],
  options: [
    {
      flags: '--weight <N>',
      summary: 'share of new requests in relation to the others, 0 to 100',
      parse: parseCount(0, 100),
      fallback: '100',
    },
  ],
  examples: [
    ['berth lb attach crm web1:8080 web2:8080', 'two containers of the cluster'],
    [
      'berth lb attach crm 192.0.2.7:8080 --weight 10',
      'a machine outside, with a tenth of the requests of others',
    ],
    [
      'berth lb attach crm dns:crm.internal:8080',
      'all addresses that the name leads to, at the ingress hosts',
    ],
  ],
  async run(context, { weight = 100 }, balancer, targets) {
    const attach = targets.map((text) => parseTarget(text, weight));
    printBalancer(context, await context.call('balancer.change', { balancer, attach }));
  },
});
