import { encodeEmpty, optRecord } from './message.ts';
import { FLAG, RCODE, TYPE } from './numbers.ts';
import type { Query, RecordPlace, Response } from './wire.ts';

/** An answer from upstream as it is kept: its bytes without the OPT record, which is of one connection only. */
export type UpstreamAnswer = Readonly<{
  bytes: Buffer;
  /** Of `bytes`; in order. */
  records: readonly RecordPlace[];
  rcode: number;
  /** Seconds for which it holds; 0: not to be kept. */
  lifetime: number;
}>;

/** An hour: a name whose owner has made a mistake is right again then. */
const MAX_LIFETIME = 3600;
/** Five minutes: a name that was asked for before it was made is found soon (RFC 2308, section 5, allows hours). */
const MAX_NEGATIVE_LIFETIME = 300;

export function upstreamAnswer(bytes: Buffer, { records, rcode }: Response): UpstreamAnswer {
  const opt = records.findIndex(({ type }) => type === TYPE.OPT);
  // What stands behind the OPT record, if anything, is a signature of the transaction: not the asker's either.
  const kept = opt === -1 ? records : records.slice(0, opt);
  const end = opt === -1 ? bytes.length : (records[opt]?.start ?? bytes.length);
  const copy = Buffer.from(bytes.subarray(0, end));
  copy.writeUInt16BE(kept.filter(({ section }) => section === 'additional').length, 10);
  return { bytes: copy, records: kept, rcode, lifetime: lifetimeOf(copy, kept, rcode) };
}

function lifetimeOf(bytes: Buffer, records: readonly RecordPlace[], rcode: number): number {
  const isNegative = rcode === RCODE.NXDOMAIN || !records.some(({ section }) => section === 'answer');
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return 0;
  if (!isNegative) return Math.min(MAX_LIFETIME, ...records.map(({ ttl }) => seconds(ttl)));
  const soa = records.find(({ type, section }) => type === TYPE.SOA && section === 'authority');
  // RFC 2308, section 5: without an SOA nobody has said for how long the name is not there.
  if (soa === undefined || soa.end - soa.dataAt < 22) return 0;
  const minimum = seconds(bytes.readUInt32BE(soa.end - 4));
  return Math.min(MAX_NEGATIVE_LIFETIME, minimum, ...records.map(({ ttl }) => seconds(ttl)));
}

/** RFC 2181, section 8: with the highest bit it is 0. */
function seconds(ttl: number): number {
  return ttl > 0x7fffffff ? 0 : ttl;
}

/**
 * The answer as this asker gets it: with its ID, its way of writing the name, TTLs less by `age` seconds, and cut to `limit`
 * bytes at the end of a record.
 */
export function answerFor(query: Query, answer: UpstreamAnswer, age: number, limit: number): Buffer {
  const { bytes, records } = answer;
  const opt = query.edns === undefined ? undefined : optRecord(answer.rcode);
  const room = limit - (opt?.length ?? 0);
  const whole = bytes.length <= room;
  const kept = whole ? records : records.filter(({ section, end }) => section === 'answer' && end <= room);
  const end = whole ? bytes.length : (kept.at(-1)?.end ?? 12 + query.question.raw.length);
  if (!whole && kept.length === 0) return encodeEmpty(query, answer.rcode, FLAG.TC);
  const copy = Buffer.concat([bytes.subarray(0, end), ...(opt === undefined ? [] : [opt])]);
  copy.writeUInt16BE(query.id, 0);
  const flags = copy.readUInt16BE(2) & ~(FLAG.RD | FLAG.CD | FLAG.TC);
  copy.writeUInt16BE(
    flags |
      FLAG.RA |
      (query.recursionDesired ? FLAG.RD : 0) |
      (query.checkingDisabled ? FLAG.CD : 0) |
      (whole ? 0 : FLAG.TC),
    2,
  );
  query.question.raw.copy(copy, 12);
  for (const { ttlAt, ttl } of kept) copy.writeUInt32BE(Math.max(0, seconds(ttl) - age), ttlAt);
  if (!whole) {
    copy.writeUInt16BE(kept.length, 6);
    copy.writeUInt16BE(0, 8);
    copy.writeUInt16BE(0, 10);
  }
  if (opt !== undefined) copy.writeUInt16BE(copy.readUInt16BE(10) + 1, 10);
  return copy;
}
