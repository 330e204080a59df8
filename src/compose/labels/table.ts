import { ROUTE_FIELDS } from '../../model/route-fields.ts';

/** What a label does; `warned` ones have no meaning in Berth, and say so. */
export type LabelRow = Readonly<{
  /** Behind `aliyun.` or `berth.`; `*` stands for a port or a name. */
  name: string;
  verdict: 'honoured' | 'warned';
  words: string;
  /** Berth's alone: Aliyun's clusters had nothing like it. */
  own?: true;
}>;

const row = (name: string, words: string): LabelRow => ({ name, verdict: 'honoured', words });
const own = (name: string, words: string): LabelRow => ({ name, verdict: 'honoured', words, own: true });

const LOGS =
  '`berth service logs` shows what containers write to standard output, and files in them are not read';

/** All labels, each as `aliyun.NAME` and as `berth.NAME`. */
export const LABELS: readonly LabelRow[] = [
  row('scale', 'Number of containers; each deployment restores it.'),
  row('global', '`true`: one container on each host that matches; goes before the number.'),
  row(
    'rolling_updates',
    '`true`: a container is replaced after the one before it succeeded; `false`: all at once.',
  ),
  row('rolling_updates.parallelism', 'Containers at a time (1); what is no number from 1 on counts as 1.'),
  row('depends', 'Services, separated by commas, that must be ready before.'),
  row(
    'latest_image',
    '`true`: each release pulls, though the tag is the same, and so does each run of `cron`.',
  ),
  row('probe.url', '`http://container[:PORT]/PATH` (2xx and 3xx are healthy) or `tcp://container:PORT`.'),
  row('probe.cmd', 'A shell line in the container; healthy where it exits with 0. Not beside `probe.url`.'),
  row('probe.timeout_seconds', 'Seconds that one probe may take (2).'),
  row('probe.initial_delay_seconds', 'Seconds from the start in which failures do not count (0).'),
  own('probe.interval_seconds', 'Seconds between probes (2).'),
  own('probe.healthy_threshold', 'So many in a row make it healthy (1).'),
  own('probe.unhealthy_threshold', 'So many in a row make it unhealthy (3).'),
  own('liveness.url', 'As `probe.url`, but a container that fails is started again.'),
  own('liveness.cmd', 'As `probe.cmd`, but a container that fails is started again.'),
  own('liveness.timeout_seconds', 'Seconds that one probe may take (2).'),
  own('liveness.initial_delay_seconds', 'Seconds from the start in which failures do not count (0).'),
  own('liveness.interval_seconds', 'Seconds between probes (10).'),
  own('liveness.healthy_threshold', 'So many in a row make it healthy (1).'),
  own('liveness.unhealthy_threshold', 'So many in a row start it again (3).'),
  row(
    'routing.port_*',
    "`[http://\\|https://]DOMAIN\\|PREFIX[/PATH]`, several separated by `;`, for that port of the container. A prefix has no dots and gets the cluster's wildcard domain; `NAME.local` is a name of the containers themselves, on the networks that they are on, at their own port.",
  ),
  row(
    'routing.session_sticky',
    '`true` (as without it) or `false`: requests with the same cookie go to the same container, until none has come for 30 minutes, and for 8 hours at most.',
  ),
  own(
    'routing.weight',
    "`0`: its routes get no requests. 1 to 99 warn and change nothing, as a route is one service's alone: `release` shares requests between two versions.",
  ),
  ...Object.entries(ROUTE_FIELDS).flatMap(([name, { words }]) => [
    own(`routing.${name}`, words),
    own(`routing.port_*.${name}`, `As \`routing.${name}\`, for the routes of that port alone.`),
  ]),
  row(
    'lb.port_*',
    '`tcp\\|http\\|https\\|udp://NAME:FRONT_PORT`: a listener on the ingress hosts for that port of the container; no port of a host is bound. NAME is the balancer outside that points at it.',
  ),
  own(
    'lb.port_*.names',
    "Domains, separated by commas: TLS connections to the front port that ask for one of these (SNI) go there as they come, with TLS ended in the container. Other names of the port may be other services'.",
  ),
  own(
    'lb.port_*.proxy_protocol',
    '`true`: containers are told the client by the PROXY protocol (version 2).',
  ),
  row('auto_scaling.min_instances', 'Fewest containers (1).'),
  row('auto_scaling.max_instances', 'Most containers (10).'),
  row('auto_scaling.step', 'Containers more or less at a time (1).'),
  row('auto_scaling.max_cpu', 'Per cent of its CPU over which there are more.'),
  row('auto_scaling.min_cpu', 'Per cent of its CPU under which there are fewer.'),
  own(
    'auto_scaling.target_cpu',
    'Per cent of its CPU to which so many containers come; not beside max and min.',
  ),
  row('auto_scaling.max_memory', 'Per cent of its memory limit over which there are more.'),
  row('auto_scaling.min_memory', 'Per cent of its memory limit under which there are fewer.'),
  own('auto_scaling.target_memory', 'Per cent of its memory limit to which so many containers come.'),
  row('auto_scaling.max_internetInRate', 'Bytes per second received over which there are more.'),
  row('auto_scaling.min_internetInRate', 'Bytes per second received under which there are fewer.'),
  row('auto_scaling.max_internetOutRate', 'Bytes per second sent over which there are more.'),
  row('auto_scaling.min_internetOutRate', 'Bytes per second sent under which there are fewer.'),
  own('auto_scaling.target_internetInRate', 'Bytes per second received to which so many containers come.'),
  own('auto_scaling.target_internetOutRate', 'Bytes per second sent to which so many containers come.'),
  own('auto_scaling.max_requests', 'Requests per second for each container over which there are more.'),
  own('auto_scaling.min_requests', 'Requests per second for each container under which there are fewer.'),
  own('auto_scaling.target_requests', 'Requests per second for each container to which so many come.'),
  own(
    'auto_scaling.max_latency',
    'Milliseconds in which 95 % of requests are answered, over which there are more.',
  ),
  own(
    'auto_scaling.min_latency',
    'Milliseconds in which 95 % of requests are answered, under which there are fewer.',
  ),
  own(
    'auto_scaling.schedule',
    '`weekdays 8-20 Europe/Berlin: at least 6`, several separated by `;`: so many containers at these times.',
  ),
  own('auto_scaling.period', 'Time over which figures are averages (60s).'),
  own('auto_scaling.up_after', 'For how long a rule must want more before there are more (2m).'),
  own('auto_scaling.down_after', 'For how long rules must want fewer before there are fewer (5m).'),
  {
    name: 'log_store_*',
    verdict: 'warned',
    words: `there is no cloud's log store here: ${LOGS}`,
  },
  {
    name: 'log_ttl_*',
    verdict: 'warned',
    words: `changes nothing: ${LOGS}, for as long as \`logging\` says`,
  },
  {
    name: 'log.timestamp',
    verdict: 'warned',
    words: 'changes nothing: `berth service logs --timestamps` shows times',
  },
  { name: 'logs.*', verdict: 'warned', words: `changes nothing: ${LOGS}` },
  {
    name: 'logs.*.format',
    verdict: 'warned',
    words: 'changes nothing: lines are shown as they were written',
  },
  {
    name: 'logs.*.tags',
    verdict: 'warned',
    words: 'changes nothing: lines have the names of their containers',
  },
  own(
    'release',
    '`recreate`, `rolling`, `blue-green` or `canary`: how a new version takes the place of the old one.',
  ),
  own(
    'release.steps',
    '`PERCENT[:TIME]`, separated by commas: shares of the requests for the new version, each for so long (2m): `5:2m,25:5m,50:5m`. Of `canary`, where `5:2m,25:2m,50:2m` is meant without it, and of `blue-green`, where nothing is: by hand then.',
  ),
  own(
    'release.confirm',
    '`true`: the old version goes when somebody confirms the release (`blue-green`); `false`: after the last step (`canary`).',
  ),
  own(
    'release.analysis',
    '`true` (`canary`) or `false` (`blue-green`): the new version is compared with the old one, and the release stops by itself.',
  ),
  own(
    'release.min_requests',
    'Requests to the new version within a step without which it is not judged (50).',
  ),
  own(
    'release.max_errors',
    'Per cent of its requests by which it may have more errors than the old version (5).',
  ),
  own(
    'release.max_slowdown',
    'How many times the 95th percentile of its response times may be that of the old one (2).',
  ),
  own('release.patience', 'How long it waits for enough requests behind a step, before it stops (10m).'),
  own(
    'release.header',
    '`NAME=VALUE`: requests with that header go to the new version, whatever its share is.',
  ),
  own('release.cookie', '`NAME=VALUE`: as `release.header`, of a cookie.'),
  own('job', '`true`: runs to its end once a release.'),
  own('cron', 'Minute, hour, day of the month, month, day of the week: runs to its end at these times.'),
  own('cron.time_zone', 'Zone in which the times are read, such as `Europe/Berlin` (UTC).'),
  own(
    'cron.overlap',
    'While a run goes on the next one is left out (`skip`), takes its place (`replace`), or goes beside it (`allow`).',
  ),
  own('cron.timeout', 'A run that takes longer is stopped: `30m`.'),
  own(
    'cron.latest',
    'A run that could not begin in time begins up to this much later (`10m`); after that it was missed.',
  ),
  own('cron.keep', 'Ended runs that are kept, with their containers, 1 to 100 (10).'),
  own('stable_names', '`true`: the host name of container N is `SERVICE-N`.'),
  own('ip.*', 'Addresses on the network of that name by index, separated by commas: `10.0.0.10,10.0.0.11`.'),
];

/** Labels of Berth's that other rooms read; compose passes them on. */
export const PASSED_ON: readonly string[] = [
  'restart',
  'failover',
  'partition',
  'service',
  'placement',
  'strategy',
  'availability',
];
