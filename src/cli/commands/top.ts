import { CONTAINER_ORDERS, HOST_ORDERS, type TopContainer, type TopHost } from '../../contract/v1/top.ts';
import { BerthError } from '../../kit/errors.ts';
import { FIGURES_MS } from '../../model/figures.ts';
import { type CliContext, command } from '../command.ts';
import { bytes, cores, localTime } from '../terminal/format.ts';
import type { ListColumn } from '../terminal/output.ts';
import { clean } from '../terminal/text.ts';
import { parseCount } from '../values.ts';

type Flags = Readonly<{
  hosts?: boolean;
  once?: boolean;
  /** False with `--no-stream`. */
  stream?: boolean;
  sort?: string;
  limit?: number;
  node?: string;
}>;

/** What is known of now, as one looks at it. */
type Look =
  | Readonly<{ of: 'containers'; rows: readonly TopContainer[]; measured: number }>
  | Readonly<{ of: 'hosts'; rows: readonly TopHost[]; measured: number; silent: readonly string[] }>;

/** More names than that are counted. */
const MOST_NAMES = 5;

export const top = command<Flags, [filter: string | undefined]>({
  name: 'top',
  aliases: ['stats'],
  heading: 'Cluster:',
  summary: 'Show what containers or hosts use now, those that use most first, until Ctrl-C',
  details:
    'Hosts measure every 5 seconds, and so often this looks again: on a terminal in the same place, as many as fit. CPU is ' +
    'in cores; network and disk are per second; K, M and G are powers of 1,024. With --json each look is one line; with ' +
    '--once there is one look. A column is empty where nothing is known: traffic of containers on the network of their ' +
    'host, disks that do not tell.',
  arguments: [{ name: '[SERVICE]', summary: 'containers of this STACK, or of this STACK/SERVICE only' }],
  options: [
    { flags: '--hosts', summary: 'hosts in place of containers: all that runs on them' },
    { flags: '--once', summary: 'look once' },
    { flags: '--no-stream', summary: 'the same, as "docker stats" calls it' },
    {
      flags: '-s, --sort <BY>',
      summary: 'what comes first',
      choices: [...new Set([...CONTAINER_ORDERS, ...HOST_ORDERS])],
      fallback: 'cpu',
    },
    { flags: '-n, --limit <N>', summary: 'so many at the most', parse: parseCount(1, 1_000) },
    { flags: '--node <NODE>', summary: 'containers on this host only' },
  ],
  examples: [
    ['berth top', 'the busiest containers of the cluster, live'],
    ['berth top --hosts --sort memory', 'which host is full?'],
    ['berth top shop/web --once', 'the containers of one service, once'],
    ['berth top --json --once -n 5 | jq .containers', 'for a program'],
  ],
  async run(context, { once: isOnce = false, stream = true, ...flags }, filter) {
    const once = isOnce || !stream;
    const { out, globals, clock, signal } = context;
    const ask = askFor(context, flags, filter);
    let last = await ask();
    for (let trouble = ''; ; ) {
      if (globals.json) {
        const { of, rows, ...more } = last;
        const value = { at: clock.now(), [of]: rows, ...more };
        if (once) out.json(value);
        else out.jsonLine(value);
      } else show(context, last, trouble);
      if (once) return;
      await clock.sleep(FIGURES_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        last = await ask();
        trouble = '';
      } catch (thrown) {
        if (signal.aborted) return;
        // A manager that starts anew is soon there again; what was seen stays until then.
        if (globals.json || !(thrown instanceof BerthError) || !thrown.retryable) throw thrown;
        trouble = thrown.message;
      }
    }
  },
});

function askFor(
  { call, out, signal }: CliContext,
  { hosts, sort, limit = out.pictureRows, node }: Omit<Flags, 'once' | 'stream'>,
  filter: string | undefined,
): () => Promise<Look> {
  const most = limit === undefined ? {} : { limit };
  if (hosts === true) {
    if (filter !== undefined || node !== undefined)
      throw new BerthError('bad_request', 'hosts are not those of a service, nor of a host', {
        hint: `leave out ${filter === undefined ? '--node' : `"${filter}"`}, or --hosts`,
      });
    const order = orderOf(HOST_ORDERS, sort, 'hosts');
    return async () => {
      const { hosts: rows, ...more } = await call('top.hosts', { ...order, ...most }, { signal });
      return { of: 'hosts', rows, ...more };
    };
  }
  const [stack, service, ...others] = filter?.split('/') ?? [];
  if (stack === '' || service === '' || others.length > 0)
    throw new BerthError('bad_request', `"${filter}" is neither a stack nor a service`, {
      hint: 'write STACK or STACK/SERVICE; "berth service ls" lists them',
    });
  const query = {
    ...orderOf(CONTAINER_ORDERS, sort, 'containers'),
    ...most,
    ...(node === undefined ? {} : { node }),
    ...(stack === undefined ? {} : { stack }),
    ...(service === undefined ? {} : { service }),
  };
  return async () => {
    const { containers: rows, measured } = await call('top.containers', query, { signal });
    return { of: 'containers', rows, measured };
  };
}

function orderOf<T extends string>(orders: readonly T[], sort: string | undefined, what: string) {
  if (sort === undefined) return {};
  const order = orders.find((one) => one === sort);
  if (order !== undefined) return { order };
  throw new BerthError('bad_request', `--sort: ${what} have no "${sort}"`, {
    hint: `take one of ${orders.join(', ')}`,
  });
}

function show({ out, clock }: CliContext, look: Look, trouble: string): void {
  const { of, rows, measured } = look;
  const shown = rows.length < measured ? `${rows.length} of ${measured} ${of}` : `${measured} ${of}`;
  const parts = [localTime(clock.now()), shown];
  if (look.of === 'hosts' && look.silent.length > 0) {
    const more = look.silent.length - MOST_NAMES;
    const names = look.silent.slice(0, MOST_NAMES).join(', ');
    parts.push(`nothing known now of ${names}${more > 0 ? ` and ${more} more` : ''}`);
  }
  if (measured === 0) parts.push('nothing was measured of late: hosts tell every 5 seconds');
  if (trouble !== '') parts.push(`as it was: ${trouble}`);
  const head = clean(parts.join('  '));
  if (look.of === 'hosts') out.picture(head, HOST_COLUMNS, look.rows);
  else out.picture(head, CONTAINER_COLUMNS, look.rows);
}

type Figure = number | null;

const coresText = (value: Figure) => (value === null ? '' : cores(value * 1000));
/** `1.2K`: so that six columns fit on a terminal of 80. */
const bytesText = (value: Figure) =>
  value === null ? '' : bytes(Math.round(value)).replace(/ (B|.)(iB)?$/, '$1');

/** `0.5 / 2`; without a limit what is used alone. */
function ofText(used: Figure, limit: Figure, text: (value: Figure) => string): string {
  return limit === null || limit === 0 || used === null ? text(used) : `${text(used)} / ${text(limit)}`;
}

/** `1.2 KiB / 0 B`; empty where neither is known. */
function bothText(a: Figure, b: Figure): string {
  return a === null && b === null ? '' : `${bytesText(a) || '-'} / ${bytesText(b) || '-'}`;
}

type Flow = Readonly<Record<'networkIn' | 'networkOut' | 'diskRead' | 'diskWrite', Figure>>;

/** The same for whatever it is of; per second. */
const FLOW_COLUMNS: readonly ListColumn<Flow>[] = [
  {
    ...{ header: 'NET IN / OUT', align: 'right' },
    cell: ({ networkIn, networkOut }) => bothText(networkIn, networkOut),
  },
  {
    ...{ header: 'DISK R / W', align: 'right' },
    cell: ({ diskRead, diskWrite }) => bothText(diskRead, diskWrite),
  },
];

const CONTAINER_COLUMNS: readonly ListColumn<TopContainer>[] = [
  { header: 'NAME', cell: ({ name }) => name },
  { header: 'HOST', cell: ({ host }) => host },
  { header: 'CPU', align: 'right', cell: ({ cpu, coreLimit }) => ofText(cpu, coreLimit, coresText) },
  {
    ...{ header: 'MEMORY', align: 'right' },
    cell: ({ memory, memoryLimit }) => ofText(memory, memoryLimit, bytesText),
  },
  ...FLOW_COLUMNS,
  { header: 'PIDS', align: 'right', cell: ({ pids }) => (pids === null ? '' : String(Math.round(pids))) },
];

const HOST_COLUMNS: readonly ListColumn<TopHost>[] = [
  { header: 'HOST', cell: ({ name }) => name },
  {
    ...{ header: 'CPU', align: 'right' },
    cell: ({ cpuUser, cpuSystem, cpuStolen, cores: all }) =>
      ofText(cpuUser === null ? null : cpuUser + (cpuSystem ?? 0) + (cpuStolen ?? 0), all, coresText),
  },
  { header: 'LOAD', align: 'right', cell: ({ load }) => (load === null ? '' : load.toFixed(2)) },
  {
    ...{ header: 'MEMORY', align: 'right' },
    cell: ({ memory, memorySize }) => ofText(memory, memorySize, bytesText),
  },
  ...FLOW_COLUMNS,
  {
    ...{ header: "DOCKER'S DATA", align: 'right' },
    cell: ({ dockerDisk, dockerDiskSize }) => ofText(dockerDisk, dockerDiskSize, bytesText),
  },
];
