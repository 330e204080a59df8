import type { ActionResult, AgentFrame, EngineEvent } from '../contract/link.ts';
import { type Difference, KEY_OF, type Observed, type ObservedKind } from './catalog.ts';

type Full = AgentFrame & { t: 'full' };
type Report = AgentFrame & { t: 'report' };

/** Between reports of observations: those that come meanwhile share one. Results go at once and take along what waits. */
const REPORT_MS = 15;
const EVENTS_MS = 20;
/** Records of one kind in a frame, and their bytes as JSON: far below the longest line of a session. */
const RECORDS_PER_FRAME = 500;
const BYTES_PER_FRAME = 3 * 1024 * 1024;
/** Events that are kept while no manager is connected. */
const EVENTS_KEPT = 1000;

/** What the host tells the manager, put together into few frames. */
export class Outbox {
  private send: ((frame: AgentFrame) => void) | undefined;
  private readonly changed: { [K in ObservedKind]: Map<string, Observed[K] | undefined> } = {
    containers: new Map(),
    images: new Map(),
    networks: new Map(),
    volumes: new Map(),
  };
  /** The newest of each container; those that could not be sent wait for the next connection. */
  private readonly results = new Map<string, ActionResult>();
  private events: EngineEvent[] = [];
  private reportTimer: NodeJS.Timeout | undefined;
  /** Monotonic milliseconds. */
  private reportedAt = Number.NEGATIVE_INFINITY;
  private reportNow: NodeJS.Immediate | undefined;
  private eventsTimer: NodeJS.Timeout | undefined;

  /** From now on differences go to this manager, beginning with all that there is. */
  open(send: (frame: AgentFrame) => void, full: Omit<Full, 't'>): void {
    for (const kind of Object.values(this.changed)) kind.clear();
    this.send = send;
    for (const frame of framesOfFull(full)) send(frame);
    if (this.results.size > 0) this.flush();
    this.flushEvents();
  }

  /** Nobody listens. Differences are forgotten (`open` tells all), results and events kept. */
  shut(): void {
    this.send = undefined;
  }

  add(difference: Difference): void {
    if (this.send === undefined) return;
    const { kind, changed, gone } = difference;
    const waiting = this.changed[kind] as Map<string, Observed[ObservedKind] | undefined>;
    const keyOf = KEY_OF[kind] as (record: Observed[ObservedKind]) => string;
    for (const record of changed) waiting.set(keyOf(record), record);
    for (const key of gone) waiting.set(key, undefined);
    const wait = Math.max(0, this.reportedAt + REPORT_MS - performance.now());
    this.reportTimer ??= setTimeout(() => this.flush(), wait);
  }

  /** The observation that the result led to must have been added before. */
  addResult(result: ActionResult): void {
    this.results.set(result.id, result);
    // What settles in the same turn shares the frame.
    this.reportNow ??= setImmediate(() => this.flush());
  }

  addEvents(events: readonly EngineEvent[]): void {
    this.events.push(...events);
    if (this.send === undefined) this.events = this.events.slice(-EVENTS_KEPT);
    else this.eventsTimer ??= setTimeout(() => this.flushEvents(), EVENTS_MS);
  }

  close(): void {
    this.shut();
    clearTimeout(this.reportTimer);
    clearTimeout(this.eventsTimer);
    if (this.reportNow !== undefined) clearImmediate(this.reportNow);
  }

  private flush(): void {
    clearTimeout(this.reportTimer);
    if (this.reportNow !== undefined) clearImmediate(this.reportNow);
    this.reportTimer = undefined;
    this.reportNow = undefined;
    if (this.send === undefined) return;
    this.reportedAt = performance.now();
    const reports = reportsOf(this.changed, [...this.results.values()]);
    for (const kind of Object.values(this.changed)) kind.clear();
    this.results.clear();
    for (const report of reports) this.send(report);
  }

  private flushEvents(): void {
    clearTimeout(this.eventsTimer);
    this.eventsTimer = undefined;
    if (this.send === undefined) return;
    const events = this.events;
    this.events = [];
    for (const part of parts(events)) this.send({ t: 'events', events: part });
  }
}

/**
 * All that is on a host as a `full` frame and, where it is very much, reports of the rest, the last of them marked.
 * Berth's containers come first: what the first frame leaves out is not shown until the reports are in.
 */
export function framesOfFull(full: Omit<Full, 't'>): AgentFrame[] {
  const containers = [...full.containers].sort(
    (a, b) => Number(b.clusterId !== undefined) - Number(a.clusterId !== undefined),
  );
  const [first = [], ...more] = parts(containers);
  const [images = [], ...moreImages] = parts(full.images);
  const rest = [
    ...more.map((part): Report => ({ t: 'report', containers: part })),
    ...moreImages.map((part): Report => ({ t: 'report', images: part })),
  ];
  const last = rest.pop();
  if (last === undefined) return [{ ...full, t: 'full', containers: first, images }];
  return [{ ...full, t: 'full', containers: first, images, more: true }, ...rest, { ...last, last: true }];
}

/** The differences as frames; results stand in the last, after every observation. */
function reportsOf(
  changed: { readonly [K in ObservedKind]: ReadonlyMap<string, Observed[K] | undefined> },
  results: readonly ActionResult[],
): Report[] {
  const reports: Report[] = [];
  let last: Report = { t: 'report' };
  for (const [kind, entries] of Object.entries(changed)) {
    for (const [i, part] of parts([...entries]).entries()) {
      if (i > 0) {
        reports.push(last);
        last = { t: 'report' };
      }
      const records = part.flatMap(([, record]) => (record === undefined ? [] : [record]));
      const gone = part.flatMap(([key, record]) => (record === undefined ? [key] : []));
      last = {
        ...last,
        ...(records.length > 0 ? { [kind]: records } : {}),
        ...(gone.length > 0 ? { gone: { ...last.gone, [kind]: gone } } : {}),
      };
    }
  }
  if (results.length > 0) last = { ...last, results: [...results] };
  return Object.keys(last).length > 1 ? [...reports, last] : reports;
}

function parts<T>(list: readonly T[]): T[][] {
  const result: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const record of list) {
    const size = JSON.stringify(record).length;
    if (part.length > 0 && (part.length === RECORDS_PER_FRAME || bytes + size > BYTES_PER_FRAME)) {
      result.push(part);
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  return part.length === 0 ? result : [...result, part];
}
