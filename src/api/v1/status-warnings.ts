import type { Warning } from '../../contract/v1/cluster.ts';
import { serviceKey } from '../../model/deployment.ts';
import type { Host } from '../../model/host.ts';
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
    if (state === 'suspect' || state === 'down') note(state, host, `${state}${reason && `: ${reason}`}`);
    const failover = tx.get('hostFailovers', host.id);
    if (failover !== undefined) note('held', host, failover.reason);
    const rests = tx.get('hostTrust', host.id)?.reason;
    if (rests) note('own', host, rests);
    const broken = brokenPaths(tx, host.id, dataPaths(tx, host.id, networksOf));
    for (const text of brokenTexts(broken)) note('own', host, text);
    for (const text of smallWiresOf(host.id)) note('own', host, text);
    const [refused, ...others] = tx.get('plainRefusals', host.id)?.refused ?? [];
    if (refused !== undefined) {
      const more = others.length === 0 ? '' : `, and ${others.length} more`;
      note('own', host, `has by plain docker what is another's: ${refused.reason}${more}`);
    }
    const routerError = tx.get('hostRouters', host.id)?.error ?? '';
    if (routerError !== '') note('router', host, routerError);
  }
  const { down = [], suspect = [], held = [], own = [], router = [] } = said;
  const isSaid = ({ who, many, text }: SaidBy) => `${who} ${many ? 'are' : 'is'} ${text}`;
  const says = ({ who, text }: SaidBy) => `${who}: ${text}`;
  return [
    ...warnings('bad', 'host', down, isSaid),
    ...warnings('warn', 'host', suspect, isSaid),
    ...warnings('bad', 'host', held, says),
    ...warnings('warn', 'host', own, ({ who, many, text }) => `${who}${many ? ': each' : ''} ${text}`),
    ...warnings('bad', 'host', router, says),
    ...(hosts.length === 0
      ? [
          warning(
            ...(['warn', 'cluster', undefined] as const),
            'no host has joined: "berth token create" prints how to add one',
          ),
        ]
      : ready === 0
        ? [warning('bad', 'cluster', undefined, 'no host is ready: nothing can be placed')]
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
  const [runs, it] = orphans === 1 ? [' runs', 'it'] : ['s run', 'them'];
  const text = `${orphans} container${runs} on that this database does not know (a backup was put back): "berth orphan ls" lists ${it}`;
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
  const found: (readonly [key: string, reason: string, severity: Severity, release?: string])[] = [];
  for (const record of tx.all('services')) {
    const { stack, name, release, waiting, overdue } = serviceView(tx, record);
    const key = serviceKey(stack, name);
    const isStopped = release.state === 'paused' || release.state === 'failed';
    if (isStopped) {
      const severity = release.state === 'failed' ? 'bad' : 'warn';
      found.push([key, `${release.state}: ${release.reason}`, severity, `release ${release.number}`]);
    } else if (waiting !== '') found.push([key, waiting, overdue === undefined ? 'warn' : 'bad']);
    else continue;
    covered.add(key);
  }
  const numbers = new Map(found.map(([key, , , release = '']) => [key, release]));
  const of = (wanted: Severity, isRelease: boolean): Said[] =>
    found.flatMap(([key, text, severity, release]) =>
      severity === wanted && (release !== undefined) === isRelease ? [[key, text] as const] : [],
    );
  const ofRelease = ({ who, many, names: [first = ''], text }: SaidBy) =>
    many ? `${who}: their releases are ${text}` : `${who}: ${numbers.get(first) ?? ''} is ${text}`;
  return {
    covered,
    warnings: (['bad', 'warn'] as const).flatMap((severity) => [
      ...warnings(severity, 'service', of(severity, true), ofRelease),
      ...warnings(severity, 'service', of(severity, false), ({ who, text }) => `${who}: ${text}`),
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
  const [are, s] = missing.count === 1 ? ['container is', ''] : ['containers are', 's'];
  return [
    ...of(
      'warn',
      missing,
      `${missing.count} ${are} not on the host${s} where ${s === '' ? 'it' : 'they'} should be`,
    ),
    ...of(
      'warn',
      restarting,
      `${named(restarting)} ${restarting.count === 1 ? 'ends' : 'end'} soon after each start: "docker logs ${restarting.names[0] ?? ''}" may say why`,
    ),
    ...of('warn', unhealthy, `${named(unhealthy)} ${unhealthy.count === 1 ? 'is' : 'are'} unhealthy`),
  ];
}
