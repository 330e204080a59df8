import { existsSync } from 'node:fs';
import type { HostPlan, LabPlan } from './plan.ts';
import { run, tryRun } from './run.ts';

/** Names of all network namespaces of a lab, as far as they exist. */
export async function namespacesOf(mark: string): Promise<string[]> {
  const listed = await run(['ip', 'netns', 'list']);
  return listed
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(`${mark}-`));
}

/** Make the lab's network: the wire (a bridge in a namespace of its own), one port each, and the way out. */
export async function makeWire(plan: LabPlan): Promise<void> {
  await ensureNamespace(plan.wire);
  await ensureLink(plan.wire, 'wire', ['type', 'bridge']);
  await run(['ip', '-n', plan.wire, 'link', 'set', 'wire', 'up']);
  await makeUplink(plan);
  await plugIn(plan, { port: 'manager', ...plan.manager });
  for (const host of plan.hosts) await plugIn(plan, { port: host.name, ...host });
}

/** Take a host's port on the wire down (its other end loses its carrier and keeps address and routes), or up. */
export async function setPort(plan: LabPlan, port: string, state: 'up' | 'down'): Promise<void> {
  await run(['ip', '-n', plan.wire, 'link', 'set', port, state]);
}

export async function portIsUp(plan: LabPlan, host: HostPlan): Promise<boolean> {
  const shown = await tryRun(['ip', '-n', plan.wire, '-o', 'link', 'show', host.name]);
  return shown.code === 0 && /<[^>]*\bUP\b/.test(shown.stdout);
}

/** Remove namespaces, with all that is in them, the uplink and the packet filter rules. Nothing there is no error. */
export async function removeWire(plan: { mark: string; uplink: string | undefined }): Promise<void> {
  for (const namespace of await namespacesOf(plan.mark)) await run(['ip', 'netns', 'delete', namespace]);
  // its other end went with the wire's namespace, which the kernel takes down a little later
  if (plan.uplink !== undefined) await tryRun(['ip', 'link', 'delete', plan.uplink]);
  for (const rule of await rulesOf(plan.mark)) await run(['iptables', '-w', ...rule]);
}

async function ensureNamespace(name: string): Promise<void> {
  if (!existsSync(`/run/netns/${name}`)) await run(['ip', 'netns', 'add', name]);
  await run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
}

async function ensureLink(namespace: string, name: string, kind: readonly string[]): Promise<void> {
  const shown = await tryRun(['ip', '-n', namespace, 'link', 'show', name]);
  if (shown.code !== 0) await run(['ip', '-n', namespace, 'link', 'add', name, ...kind]);
}

async function plugIn(
  plan: LabPlan,
  end: { port: string; namespace: string; address: string },
): Promise<void> {
  await ensureNamespace(end.namespace);
  const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', end.namespace];
  await ensureLink(plan.wire, end.port, peer);
  await run(['ip', '-n', plan.wire, 'link', 'set', end.port, 'master', 'wire', 'up']);
  await run(['ip', '-n', end.namespace, 'address', 'replace', `${end.address}/24`, 'dev', 'eth0']);
  await run(['ip', '-n', end.namespace, 'link', 'set', 'eth0', 'up']);
  await run(['ip', '-n', end.namespace, 'route', 'replace', 'default', 'via', plan.gateway]);
}

async function makeUplink(plan: LabPlan): Promise<void> {
  if (!existsSync(`/sys/class/net/${plan.uplink}`)) {
    const peer = ['type', 'veth', 'peer', 'name', 'uplink', 'netns', plan.wire];
    await run(['ip', 'link', 'add', plan.uplink, ...peer]);
  }
  await run(['ip', '-n', plan.wire, 'link', 'set', 'uplink', 'master', 'wire', 'up']);
  await run(['ip', 'address', 'replace', `${plan.gateway}/24`, 'dev', plan.uplink]);
  await run(['ip', 'link', 'set', plan.uplink, 'up']);
  const comment = ['-m', 'comment', '--comment', plan.mark];
  // inserted at the top: an engine in the root namespace sets FORWARD's policy to DROP
  for (const rule of [
    ['nat', 'POSTROUTING', '-s', plan.subnet, '!', '-d', plan.subnet, ...comment, '-j', 'MASQUERADE'],
    ['filter', 'FORWARD', '-i', plan.uplink, ...comment, '-j', 'ACCEPT'],
    ['filter', 'FORWARD', '-o', plan.uplink, ...comment, '-j', 'ACCEPT'],
  ]) {
    const [table = '', ...rest] = rule;
    const there = await tryRun(['iptables', '-w', '-t', table, '-C', ...rest]);
    if (there.code !== 0) await run(['iptables', '-w', '-t', table, '-I', ...rest]);
  }
}

/** Arguments that delete each rule bearing the lab's mark. */
async function rulesOf(mark: string): Promise<string[][]> {
  const rules: string[][] = [];
  for (const table of ['nat', 'filter']) {
    const listed = await tryRun(['iptables', '-w', '-t', table, '-S']);
    for (const line of listed.stdout.split('\n')) {
      const words = line.split(' ').map((word) => word.replace(/^"(.*)"$/, '$1'));
      const at = words.indexOf('--comment');
      if (words[0] === '-A' && words[at + 1] === mark && at > 0)
        rules.push(['-t', table, '-D', ...words.slice(1)]);
    }
  }
  return rules;
}
