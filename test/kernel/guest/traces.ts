import type { GuestHost } from './host.ts';

/** What shows of networks on a host: interfaces, namespaces, associations and policies, sockets, rules, ports of a switch. */
export async function tracesOf(host: GuestHost): Promise<string> {
  const shown = await Promise.all([
    host.must('ip', '-brief', 'link'),
    host.must('ip', 'netns', 'list'),
    host.must('ip', 'xfrm', 'state'),
    host.must('ip', 'xfrm', 'policy'),
    host.must('cat', '/proc/net/udp', '/proc/net/udp6'),
    host.must('iptables', '-S', 'FORWARD'),
    host.must('ip6tables', '-S', 'FORWARD'),
    // where none runs it is silent
    host.exec('', ['ovs-vsctl', '--timeout=5', 'show']).then(({ stdout }) => stdout),
  ]);
  return shown.join('\n');
}
