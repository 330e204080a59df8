import type { Warning } from '../../contract/v1/cluster.ts';
import { serviceKey } from '../../model/deployment.ts';
import type { Host } from '../../model/host.ts';
import { say } from '../../model/said/index.ts';
import { type SaidBy, saidBy } from '../../model/said-by.ts';
import type { ReadTx } from '../../store/store.ts';
import { brokenPaths, brokenTexts, dataPaths, hostNetworks } from '../broken-paths.ts';
import { deadRoutes } from '../routing/route-view.ts';
import { smallWires } from '../small-wires.ts';
import type { ContainerTally, Named } from './container-tally.ts';
import { serviceView } from './service-view.ts';

type Severity = Warning['severity'];
type Kind = Warning['subject']['kind'];
type Said = readonly [name: string, text: string];

/** What is so of one thing, or of all. */
function warning(severity: Severity, kind: Kind, name: string | undefined, text: string): Warning {
  return { severity, subject: { kind, names: name === undefined ? [] : [name] }, count: 1, text };
}

/** What several say in the same words is one warning. */
function warnings(
  severity: Severity,
  kind: 'host' | 'service',
  said: Iterable<Said>,
  textOf: (one: SaidBy) => string,
): Warning[] {
  return saidBy(kind, said).map((one) => {
    const { names, count } = one;
    return { severity, subject: { kind, names: [...names] }, count, text: textOf(one) };
  });
}

const says = ({ who, text }: SaidBy) => say('who.says', { who, text });

/** Each of these sentences is in the catalogue with one host in front, too (`.of`), and with several (`.each`). */
const isSaid = ({ who, many, text }: SaidBy) => `${who}${many ? ': each' : ''} ${text}`;

const isIn =
  (state: 'down' | 'suspect') =>
  ({ who, many, text: why }: SaidBy): string => {
    const are = many ? 'are' : 'is';
    return why === '' ? `${who} ${are} ${state}` : say(`hosts.${are}.${state}`, { who, why });
  };

/** Of hosts and what is on them, and of the cluster as a whole. */
export function hostWarnings(tx: ReadTx, hosts: readonly Host[]): Warning[] {
  const said = { down: [], suspect: [], held: [], own: [], router: [] } as Record<string, Said[]>;
  const note = (what: keyof typeof said, host: Host, text: string) => said[what]?.push([host.name, text]);
  const networksOf = hostNetworks(tx);
  const smallWiresOf = smallWires(tx);
  let ready = 0;
  for (const host of hosts) {
    const { state = 'pending', reason = '' } = tx.get('hostStatus', host.id) ?? {};
    if (state === 'ready') ready++;
    if (state === 'suspect' || state === 'down') note(state, host, reason);
    const failover = tx.get('hostFailovers', host.id);
    if (failover !== undefined) note('held', host, failover.reason);
    const rests = tx.get('hostTrust', host.id)?.reason;
    if (rests) note('own', host, rests);
    const broken = brokenPaths(tx, host.id, dataPaths(tx, host.id, networksOf));
    for (const text of brokenTexts(broken)) note('own', host, text);
    for (const text of smallWiresOf(host.id)) note('own', host, text);
    const [refused, ...others] = tx.get('plainRefusals', host.id)?.refused ?? [];
    if (refused !== undefined) {
      const why = refused.reason;
      const n = others.length;
      note('own', host, n === 0 ? say('hosts.plain', { why }) : say('hosts.plain.more', { why, n }));
    }
    const routerError = tx.get('hostRouters', host.id)?.error ?? '';
    if (routerError !== '') note('router', host, routerError);
  }
  const { down = [], suspect = [], held = [], own = [], router = [] } = said;
  return [
    ...warnings('bad', 'host', down, isIn('down')),
    ...warnings('warn', 'host', suspect, isIn('suspect')),
    ...warnings('bad', 'host', held, says),
    ...warnings('warn', 'host', own, isSaid),
    ...warnings('bad', 'host', router, says),
    ...(hosts.length === 0
      ? [warning(...(['warn', 'cluster', undefined] as const), say('hosts.none'))]
      : ready === 0
        ? [warning('bad', 'cluster', undefined, say('hosts.noneReady'))]
        : []),
  ];
}

/** Of what outside traffic comes through, and of what a database that was put back does not know. */
export function otherWarnings(tx: ReadTx, now: number): Warning[] {
  const certificates = [...tx.all('certificateStatus')].flatMap(({ name, worry }) => {
    if (worry === '') return [];
    const until = tx.get('certificates', name)?.notAfter ?? 0;
    return [warning(until <= now ? 'bad' : 'warn', 'certificate', name, worry)];
  });
  const orphans = tx.count('orphans');
  const text = say(orphans === 1 ? 'hosts.orphans.one' : 'hosts.orphans.many', { n: orphans });
  return [
    ...deadRoutes(tx).map(({ name, text }) => warning('bad', 'route', name, text)),
    ...certificates,
    ...(orphans === 0 ? [] : [{ ...warning('warn', 'orphan', undefined, text), count: orphans }]),
  ];
}

type OfServices = Readonly<{
  warnings: readonly Warning[] /** Keys of those that have one. */;
  covered: ReadonlySet<string>;
}>;

export function serviceWarnings(tx: ReadTx): OfServices {
  const covered = new Set<string>();
  const found: (readonly [key: string, reason: string, severity: Severity, release?: number])[] = [];
  for (const record of tx.all('services')) {
    const { stack, name, release, waiting, overdue } = serviceView(tx, record);
    const key = serviceKey(stack, name);
    const isStopped = release.state === 'paused' || release.state === 'failed';
    if (isStopped) {
      const severity = release.state === 'failed' ? 'bad' : 'warn';
      found.push([key, release.reason, severity, release.number]);
    } else if (waiting !== '') found.push([key, waiting, overdue === undefined ? 'warn' : 'bad']);
    else continue;
    covered.add(key);
  }
  const numbers = new Map(found.map(([key, , , release = 0]) => [key, release]));
  const of = (wanted: Severity, isRelease: boolean): Said[] =>
    found.flatMap(([key, text, severity, release]) =>
      severity === wanted && (release !== undefined) === isRelease ? [[key, text] as const] : [],
    );
  const ofRelease =
    (state: 'failed' | 'paused') =>
    ({ who, many, names: [first = ''], text: why }: SaidBy) =>
      many
        ? say(`hosts.releases.${state}`, { who, why })
        : say(`hosts.release.${state}`, { who, why, n: numbers.get(first) ?? 0 });
  return {
    covered,
    warnings: (['bad', 'warn'] as const).flatMap((severity) => [
      ...warnings(
        severity,
        'service',
        of(severity, true),
        ofRelease(severity === 'bad' ? 'failed' : 'paused'),
      ),
      ...warnings(severity, 'service', of(severity, false), says),
    ]),
  };
}

export function containerWarnings({ missing, restarting, unhealthy }: ContainerTally): Warning[] {
  const of = (severity: Severity, { count, names }: Named, text: string): Warning[] =>
    count === 0 ? [] : [{ severity, subject: { kind: 'container', names: [...names] }, count, text }];
  const named = ({ count, names }: Named) => {
    const more = count > names.length ? ` and ${count - names.length} more` : '';
    return `container${count === 1 ? '' : 's'} ${names.join(', ')}${more}`;
  };
  const form = ({ count }: Named) => (count === 1 ? 'one' : 'many');
  const [name = ''] = restarting.names;
  return [
    ...of('warn', missing, say(`hosts.missing.${form(missing)}`, { n: missing.count })),
    ...of('warn', restarting, say(`hosts.restarting.${form(restarting)}`, { who: named(restarting), name })),
    ...of('warn', unhealthy, say(`hosts.unhealthy.${form(unhealthy)}`, { who: named(unhealthy) })),
  ];
}
