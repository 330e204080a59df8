import { randomBytes } from 'node:crypto';
import { messageOf } from '../../kit/errors.ts';
import { say } from '../../model/said/index.ts';
import type { Run } from '../commands.ts';
import { unusable, usable, type Verdict } from './backend.ts';
import { ipBatch, removeNamespace } from './ip.ts';
import { readNamespaces } from './links.ts';

/** Of the namespaces in which is tried. */
const PREFIX = 'berth-try-';

/** Kinds of interface that a kernel may lack. */
const KINDS = {
  vlan: { type: 'vlan id 1', words: say('hosts.driver.kernel.vlan'), module: '8021q' },
  macvlan: { type: 'macvlan mode bridge', words: say('hosts.driver.kernel.macvlan'), module: 'macvlan' },
  bridge: { type: undefined, words: say('hosts.driver.kernel.bridge'), module: 'bridge' },
} as const;

/**
 * Finds out by trying whether the kernel can make interfaces of a kind, in a namespace that is gone afterwards. Only that
 * tells: modules may be built in, or be there and not load.
 */
export async function tryKind(run: Run, kind: keyof typeof KINDS): Promise<Verdict> {
  const { type, words, module } = KINDS[kind];
  const namespace = `${PREFIX}${randomBytes(4).toString('hex')}`;
  try {
    await run(['ip', 'netns', 'add', namespace]);
    const on = type === undefined ? 'name t type bridge' : `link p name t type ${type}`;
    await ipBatch(run, ['link add p type veth peer name q', `link add ${on}`], namespace);
    return usable(`the kernel has ${words}`);
  } catch (thrown) {
    return unusable(say('hosts.driver.kernel', { what: words, module, reason: messageOf(thrown) }));
  } finally {
    await removeNamespace(run, namespace);
  }
}

/** Takes away what an agent has left that was killed while it tried. To be done before the first trial of a life. */
export async function sweepTrials(run: Run): Promise<void> {
  for (const namespace of await readNamespaces(run))
    if (namespace.startsWith(PREFIX)) await removeNamespace(run, namespace);
}
