import type { Lab } from './lab.ts';

/** Everything on a host that a network may leave: namespaces, devices, rules, files. */
export async function tracesOn(lab: Lab, host: string): Promise<string[]> {
  const said = async (...argv: string[]) => (await lab.exec(host, argv)).stdout.split('\n');
  const files = await said(
    'find',
    '/run/docker/plugins',
    '/run/netns',
    `${lab.host(host).folder}/agent/networks`,
  );
  const links = (await said('ip', '-o', 'link')).map(
    (line) => line.split(':')[1]?.trim().split('@')[0] ?? '',
  );
  const rules = (await said('iptables-save')).filter((line) => line.startsWith('-A'));
  return [...files, ...links.filter((link) => !link.startsWith('veth')), ...rules].sort();
}
