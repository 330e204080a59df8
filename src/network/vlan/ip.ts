import { BerthError, messageOf } from '../../kit/errors.ts';
import type { Run } from '../commands.ts';

/** Commands of `ip`, one a line, carried out by one process; it stops at the first that fails. */
export async function ipBatch(run: Run, lines: readonly string[], namespace?: string): Promise<void> {
  if (lines.length === 0) return;
  const where = namespace === undefined ? [] : ['-n', namespace];
  await run(['ip', ...where, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** What `ip` says of something that is gone already; of an interface, or of a namespace. */
const GONE =
  /cannot find device|does not exist|no such file or directory|no such device|no such process|cannot remove namespace file|cannot open network namespace|invalid netns/i;

/** Carries out a removal; what is gone already is no error. */
export async function removing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!GONE.test(messageOf(thrown))) throw thrown;
  }
}

export const removeLink = (run: Run, name: string): Promise<void> =>
  removing(run(['ip', 'link', 'delete', 'dev', name]));

export const removeNamespace = (run: Run, name: string): Promise<void> =>
  removing(run(['ip', 'netns', 'delete', name]));

/** The words of `/proc/sys/net` that hold a value of an interface, below `ipv4` and `ipv6`. */
export type Switches = Readonly<{ ipv4?: readonly string[]; ipv6?: readonly string[] }>;

/**
 * Writes one value into switches of the kernel, in a namespace where one is named. A kernel without IPv6 has none of its
 * switches, which is no error.
 */
export async function setSwitches(
  run: Run,
  { ipv4 = [], ipv6 = [] }: Switches,
  value: number,
  namespace?: string,
): Promise<void> {
  const enter = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`, '--'];
  const write = async (family: string, names: readonly string[]) => {
    if (names.length === 0) return;
    const files = names.map((name) => `/proc/sys/net/${family}/${name}`);
    await run([...enter, 'tee', ...files], { input: `${value}\n` });
  };
  await write('ipv4', ipv4);
  await write('ipv6', ipv6).catch((thrown: unknown) => {
    if (!(thrown instanceof BerthError && /No such file or directory/.test(thrown.message))) throw thrown;
  });
}

/**
 * An interface which only carries frames of others: the host itself says nothing on it and takes no address from it. Where
 * the switch reads it as a packet socket does, the host's own stack hears everything, too.
 */
export const mute = (run: Run, link: string): Promise<void> =>
  setSwitches(
    run,
    // 1: answers only for addresses of this interface, and it has none
    { ipv4: [`conf/${link}/arp_ignore`], ipv6: [`conf/${link}/disable_ipv6`] },
    1,
  );
