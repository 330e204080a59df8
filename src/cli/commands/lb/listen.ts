import { parseListen } from '../../../contract/balancer-words.ts';
import { command } from '../../command.ts';
import { collect } from '../../values.ts';
import { printBalancer } from './print.ts';

export const lbListen = command<{ tlsName?: string[]; off?: boolean }, [name: string, where: string[]]>({
  name: 'lb listen',
  summary: 'Let a balancer have a domain, or a port of the ingress hosts',
  arguments: [
    { name: '<NAME>', summary: 'the balancer' },
    { name: '<WHERE...>', summary: 'DOMAIN[/PATH], or :PORT for TCP' },
  ],
  options: [
    {
      flags: '--tls-name <DOMAIN>',
      summary:
        'of a port: only TLS connections that ask for it, passed on as they come; may be given several times',
      parse: collect,
    },
    { flags: '--off', summary: 'listen there no more; as "berth lb inspect" lists it' },
  ],
  examples: [
    ['berth lb listen crm crm.example.com', 'a domain'],
    ['berth lb listen db :5432', 'a port'],
    ['berth lb listen vault :8443 --tls-name vault.example.com', 'a port for TLS of that name'],
  ],
  async run(context, { tlsName = [], off }, balancer, where) {
    const change = off ? { unlisten: where } : { listen: where.map((text) => parseListen(text, tlsName)) };
    printBalancer(context, await context.call('balancer.change', { balancer, ...change }));
  },
});
