import { request } from 'node:http';
import { connect } from 'node:net';
import type { Clock } from '../../../kit/clock.ts';
import { messageOf } from '../../../kit/errors.ts';
import type { Logger } from '../../../kit/logger.ts';
import type { DnsRecord } from '../../../model/dns.ts';
import { fullName } from './zone.ts';

const EVERY_MS = 10_000;
const TIMEOUT_MS = 3_000;
/** Looks in a row that must agree before a change: one lost packet is no failure, one answer no recovery. */
const FAILURES = 3;
const SUCCESSES = 2;

/** Looks once. @throws with the reason where it does not work */
export type Probe = (record: DnsRecord, signal: AbortSignal) => Promise<void>;

type State = {
  healthy: boolean;
  inRow: number;
  looked: boolean;
  readonly ending: AbortController;
  readonly key: string;
};
type Options = Readonly<{
  clock: Clock;
  logger: Logger;
  /** A record has become healthy, or has ceased to be. */
  onChange(record: DnsRecord, healthy: boolean, reason: string): void;
  probe?: Probe;
  everyMs?: number;
}>;

/** Looks after all records that have a check. What was not looked at yet counts as healthy. */
export class HealthChecks {
  private readonly states = new Map<string, State>();

  constructor(private readonly options: Options) {}

  /** The records of the moment: new ones are looked at from now on, those that are gone no more. */
  update(records: readonly DnsRecord[]): void {
    const checked = new Map(records.filter(({ check }) => check !== undefined).map((one) => [one.id, one]));
    for (const [id, state] of this.states) {
      const record = checked.get(id);
      if (record !== undefined && keyOf(record) === state.key) continue;
      state.ending.abort(new Error('no longer checked'));
      this.states.delete(id);
    }
    for (const [id, record] of checked) {
      if (this.states.has(id)) continue;
      const state = {
        healthy: true,
        inRow: 0,
        looked: false,
        ending: new AbortController(),
        key: keyOf(record),
      };
      this.states.set(id, state);
      void this.watch(record, state);
    }
  }

  isHealthy(id: string): boolean {
    return this.states.get(id)?.healthy ?? true;
  }

  close(): void {
    this.update([]);
  }

  private async watch(record: DnsRecord, state: State): Promise<void> {
    const { clock, probe = probeOnce, everyMs = EVERY_MS } = this.options;
    const { signal } = state.ending;
    while (!signal.aborted) {
      const reason = await probe(record, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])).then(
        () => undefined,
        (thrown) => messageOf(thrown),
      );
      if (signal.aborted) return;
      this.note(record, state, reason);
      await clock.sleep(everyMs, signal).catch(() => undefined);
    }
  }

  private note(record: DnsRecord, state: State, reason: string | undefined): void {
    const works = reason === undefined;
    state.inRow = works === state.healthy ? 0 : state.inRow + 1;
    // The first look decides by itself: after a start nobody is sent where it has not worked before either.
    const enough = !state.looked ? 1 : works ? SUCCESSES : FAILURES;
    state.looked = true;
    if (state.inRow < enough) return;
    state.healthy = works;
    state.inRow = 0;
    const line = { zone: record.zone, name: record.name, ...record.data };
    if (works) this.options.logger.info(line, 'a DNS record is healthy again');
    else this.options.logger.warn({ ...line, reason }, 'a DNS record is unhealthy: left out of answers');
    this.options.onChange(record, works, reason ?? '');
  }
}

function keyOf({ data, check, zone, name }: DnsRecord): string {
  return JSON.stringify([data, check, zone, name]);
}

/** One TCP connection, or one HTTP request with a status under 400; redirections are not followed. */
export const probeOnce: Probe = ({ zone, name, data, check }, signal) =>
  new Promise((resolve, reject) => {
    if (check === undefined || !('address' in data)) {
      resolve();
      return;
    }
    const refuse = () => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`));
    signal.addEventListener('abort', refuse, { once: true });
    if (check.kind === 'tcp') {
      const socket = connect({ host: data.address, port: check.port, signal }, () => {
        socket.destroy();
        resolve();
      });
      socket.on('error', reject);
      return;
    }
    const asked = request({
      ...{ host: data.address, port: check.port, path: check.path, method: 'GET', signal, agent: false },
      headers: {
        host: check.host ?? fullName(zone, name).replace('*', 'berth-check'),
        'user-agent': 'berth',
      },
    });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      answer.on('error', () => undefined);
      asked.destroy();
      const { statusCode = 0 } = answer;
      if (statusCode < 400) resolve();
      else reject(new Error(`status ${statusCode}`));
    });
    asked.end();
  });
