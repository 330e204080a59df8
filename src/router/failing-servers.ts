import { say } from '../model/said/index.ts';
import type { FailingServer } from '../model/traffic.ts';
import { routeIn, type SpareRoutes } from './layout.ts';

/** `check_status` of `show stat` (management.txt, section 9.1), in words. */
const WORDS: Readonly<Record<string, string>> = {
  SOCKERR: say('hosts.target.socket'),
  L4TOUT: say('hosts.target.silent'),
  L4CON: say('hosts.target.refused'),
  L6TOUT: say('hosts.target.tls.late'),
  L6RSP: say('hosts.target.tls'),
  L7TOUT: say('hosts.target.http.late'),
  L7RSP: say('hosts.target.http.not'),
  L7STS: 'HTTP',
};

/**
 * Servers that fail their checks, of `show stat` as CSV. Those that are not checked, or not yet, are none of them.
 * @param spares as that worker has them
 */
export function failingServers(answer: string, spares: SpareRoutes): readonly FailingServer[] {
  const [head = '', ...rows] = answer.split('\n');
  const names = head.replace(/^# /, '').split(',');
  const [status, check, code] = ['status', 'check_status', 'check_code'].map((name) => names.indexOf(name));
  const failing = new Map<string, FailingServer>();
  for (const row of rows) {
    const fields = row.split(',');
    if (!(fields[status ?? -1] ?? '').startsWith('DOWN')) continue;
    const [backend = '', server = ''] = fields;
    const found = routeIn(backend, spares);
    const [, address, port] = /^[^:]+:(.+?):(\d{1,5})(?::[0-9a-f]{8})?$/.exec(server) ?? [];
    if (found === undefined || address === undefined) continue;
    // `* L4CON`: the check goes on at this moment
    const said = (fields[check ?? -1] ?? '').replace(/^\* /, '');
    const why = `${WORDS[said] ?? said}${said === 'L7STS' ? ` ${fields[code ?? -1]}` : ''}`.slice(0, 200);
    failing.set(`${found.kind} ${found.route} ${server}`, { ...found, address, port: Number(port), why });
  }
  return [...failing.values()];
}
