import { expect, it } from 'vitest';
import { failingServers } from './failing-servers.ts';

const HEAD = '# pxname,svname,stot,status,check_status,check_code';
const stat = (...rows: string[]) => [HEAD, ...rows, ''].join('\n');

it('are those that are down by their checks, with what came of these', () => {
  const route = 'lb.crm-0a';
  const http = { kind: 'http', route } as const;
  expect(
    failingServers(
      stat(
        'http:lb.crm-0a,targets:192.0.2.1:80,5,UP,L4OK,',
        'http:lb.crm-0a,targets:192.0.2.2:80,5,DOWN,L4CON,',
        'http:lb.crm-0a,targets:2001:db8::1:8080:0a1b2c3d,5,DOWN 1/2,* L7STS,500',
        'http:lb.crm-0a,targets:192.0.2.3:80,5,UP 1/3,L4TOUT,',
        'http:lb.crm-0a,targets:192.0.2.4:80,5,no check,,',
        'http:lb.crm-0a,targets:192.0.2.5:80,5,MAINT,,',
        'http:lb.crm-0a,BACKEND,5,DOWN,,',
        'tcp:lb.db-0b,targets:192.0.2.6:5432,5,DOWN,L4TOUT,',
        'spare:2,targets:192.0.2.7:80,5,DOWN,L4TOUT,',
        'spare:3,targets:192.0.2.8:80,5,DOWN,L4TOUT,',
        'entry:0.0.0.0:80,FRONTEND,5,OPEN,,',
      ),
      new Map([['spare:2', 'lb.late-0c']]),
    ),
  ).toEqual([
    { ...http, address: '192.0.2.2', port: 80, why: 'connection refused, or no way there' },
    { ...http, address: '2001:db8::1', port: 8080, why: 'HTTP 500' },
    {
      ...{ kind: 'tcp', route: 'lb.db-0b', address: '192.0.2.6', port: 5432 },
      why: 'no answer to a connection in time',
    },
    {
      ...{ kind: 'http', route: 'lb.late-0c', address: '192.0.2.7', port: 80 },
      why: 'no answer to a connection in time',
    },
  ]);
});
