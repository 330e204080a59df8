import type { CliContext, OptionSpec } from './command.ts';
import { type LocalReport, UP_DEFAULTS } from './local.ts';
import { Interrupted } from './terminal/prompt.ts';
import { collectLabels, parseAddress, parseEngine, parseHostName, parseInterface } from './values.ts';

/** Flags that `up` and `agent` share: what a host is. */
export const hostOptions: readonly OptionSpec[] = [
  {
    flags: '--name <NAME>',
    summary: 'name of this host in the cluster',
    parse: parseHostName,
    fallback: "the machine's own",
  },
  {
    flags: '-l, --label <KEY=VALUE>',
    summary: 'label of this host, such as rack=r1; may be given several times',
    parse: collectLabels,
  },
  {
    flags: '--engine <URL>',
    summary: "this host's own Docker Engine",
    parse: parseEngine,
    fallback: UP_DEFAULTS.engine,
  },
  {
    flags: '--vlan-uplink <IF>',
    summary: "this host's interface to the switch, for networks of the driver vlan",
    parse: parseInterface,
  },
  {
    flags: '--metrics-listen <ADDR:PORT>',
    summary: "where this host's agent tells Prometheus what it measures, without a log-in; off ends that",
    parse: (text, previous, flag) => (text === 'off' ? text : parseAddress(text, previous, flag)),
    fallback: 'off',
  },
  { flags: '--foreground', summary: 'stay in the foreground, and log to standard error' },
  { flags: '--service', summary: 'install and start a systemd unit' },
];

/** How a local command tells what it does, and how it is waited for: steps as progress, the result by `print`. */
export function reportOf<R>(
  { progress, out, interrupt }: CliContext,
  print: (result: R) => void,
): { report: LocalReport<R>; finish(work: Promise<void>, foreground?: boolean): Promise<void> } {
  return {
    report: {
      step: (line) => progress.step(line),
      warn: (line) => {
        progress.end(true);
        out.warn(line);
      },
      ready: (result) => {
        progress.end(true);
        print(result);
      },
    },
    finish: async (work, foreground = false) => {
      // In the foreground Ctrl-C is the daemon's to hear: it closes what it has open, and ends by itself.
      await (foreground ? work : Promise.race([work, untilAborted(interrupt)]));
      progress.end(true);
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
  });
}
