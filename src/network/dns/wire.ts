import { CLASS_IN, FLAG, OPCODE, RCODE, TYPE } from './numbers.ts';

/**
 * Reads messages as they come from the wire (RFC 1035, section 4), which anybody may have made: nothing here throws, copies
 * or reserves memory by a number that a message claims. Records stay bytes, so that an answer from upstream passes on as it
 * came, with types that nobody here knows.
 */

const HEADER = 12;
/** RFC 1035, section 2.3.4: bytes of a name with its lengths. */
const MAX_NAME = 255;
/** OPT, and a signature of the transaction (TSIG, SIG(0)), are all that a question may carry. */
const MAX_ADDITIONALS = 2;

export type Question = Readonly<{
  /** Lower case, without the last dot; dots and what is not printable within a label as in master files (`\046`). */
  name: string;
  type: number;
  class: number;
  /** As it was asked, upper and lower case kept: an answer repeats it. */
  raw: Buffer;
}>;

/** Of an OPT record (RFC 6891). */
export type Edns = Readonly<{ udpSize: number; version: number; dnssecOk: boolean }>;

export type Query = Readonly<{
  id: number;
  recursionDesired: boolean;
  checkingDisabled: boolean;
  question: Question;
  edns: Edns | undefined;
}>;

/** What came to a server. `refuse`: answered with that code and no more; `drop`: not even that, it may be no question. */
export type Incoming =
  | Readonly<{ kind: 'query'; query: Query }>
  | Readonly<{ kind: 'refuse'; id: number; flags: number; rcode: number }>
  | Readonly<{ kind: 'drop' }>;

/** Where a record lies in its message: offsets in bytes. */
export type RecordPlace = Readonly<{
  section: 'answer' | 'authority' | 'additional';
  start: number;
  type: number;
  class: number;
  ttlAt: number;
  ttl: number;
  dataAt: number;
  end: number;
}>;

export type Response = Readonly<{
  id: number;
  truncated: boolean;
  rcode: number;
  question: Question;
  records: readonly RecordPlace[];
}>;

export function readQuery(bytes: Buffer): Incoming {
  if (bytes.length < HEADER) return { kind: 'drop' };
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  // An answer to an answer could go round for ever.
  if ((flags & FLAG.QR) !== 0) return { kind: 'drop' };
  const refuse = (rcode: number): Incoming => ({ kind: 'refuse', id, flags, rcode });
  if (opcodeOf(flags) !== OPCODE.QUERY) return refuse(RCODE.NOTIMP);
  const [questions, answers, authorities, additionals] = counts(bytes);
  // IXFR brings the asker's SOA along as an authority (RFC 1995).
  if (questions !== 1 || answers !== 0 || authorities > 1 || additionals > MAX_ADDITIONALS)
    return refuse(RCODE.FORMERR);
  const question = readQuestion(bytes);
  const records = question && readRecords(bytes, HEADER + question.raw.length, [0, authorities, additionals]);
  if (question === undefined || records === undefined) return refuse(RCODE.FORMERR);
  const opts = records.filter(({ type, section }) => type === TYPE.OPT && section === 'additional');
  const [opt] = opts;
  if (opts.length > 1 || (opt !== undefined && bytes[opt.start] !== 0)) return refuse(RCODE.FORMERR);
  return {
    kind: 'query',
    query: {
      id,
      recursionDesired: (flags & FLAG.RD) !== 0,
      checkingDisabled: (flags & FLAG.CD) !== 0,
      question,
      edns:
        opt && Object.freeze({ udpSize: opt.class, version: (opt.ttl >>> 16) & 0xff, dnssecOk: isDo(opt) }),
    },
  };
}

/** Undefined where it is no answer, or not one that can be read to its end. */
export function readResponse(bytes: Buffer): Response | undefined {
  if (bytes.length < HEADER) return undefined;
  const flags = bytes.readUInt16BE(2);
  const [questions, ...sections] = counts(bytes);
  if ((flags & FLAG.QR) === 0 || opcodeOf(flags) !== OPCODE.QUERY || questions !== 1) return undefined;
  const question = readQuestion(bytes);
  const truncated = (flags & FLAG.TC) !== 0;
  const records = question && readRecords(bytes, HEADER + question.raw.length, sections, truncated);
  if (question === undefined || records === undefined) return undefined;
  return { id: bytes.readUInt16BE(0), truncated, rcode: flags & 0xf, question, records };
}

function opcodeOf(flags: number): number {
  return (flags >>> 11) & 0xf;
}

function isDo({ ttl }: RecordPlace): boolean {
  return (ttl & 0x8000) !== 0;
}

function counts(bytes: Buffer): [number, number, number, number] {
  return [bytes.readUInt16BE(4), bytes.readUInt16BE(6), bytes.readUInt16BE(8), bytes.readUInt16BE(10)];
}

function readQuestion(bytes: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = bytes[at];
    // A pointer could only lead into the header: no question has one.
    if (length === undefined || length > 63 || at + 1 + length - HEADER > MAX_NAME) return undefined;
    at++;
    if (length === 0) break;
    if (at + length > bytes.length) return undefined;
    labels.push(labelText(bytes.subarray(at, at + length)));
    at += length;
  }
  if (at + 4 > bytes.length) return undefined;
  return {
    name: labels.join('.'),
    type: bytes.readUInt16BE(at),
    class: bytes.readUInt16BE(at + 2),
    raw: bytes.subarray(HEADER, at + 4),
  };
}

function labelText(label: Uint8Array): string {
  let text = '';
  for (const byte of label) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte).toLowerCase() : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

const SECTIONS = ['answer', 'authority', 'additional'] as const;

/** Undefined where one is not whole, or bytes are left. A truncated message may end early: what is whole counts. */
function readRecords(
  bytes: Buffer,
  from: number,
  numbers: readonly number[],
  truncated = false,
): RecordPlace[] | undefined {
  const records: RecordPlace[] = [];
  let at = from;
  for (const [index, section] of SECTIONS.entries()) {
    for (let left = numbers[index] ?? 0; left > 0; left--) {
      const record = readRecord(bytes, at, section);
      if (record === undefined) return truncated ? records : undefined;
      records.push(record);
      at = record.end;
    }
  }
  return at === bytes.length || truncated ? records : undefined;
}

function readRecord(bytes: Buffer, start: number, section: RecordPlace['section']): RecordPlace | undefined {
  const at = nameEnd(bytes, start);
  if (at === undefined || at + 10 > bytes.length) return undefined;
  const dataAt = at + 10;
  const end = dataAt + bytes.readUInt16BE(at + 8);
  if (end > bytes.length) return undefined;
  return {
    section,
    start,
    type: bytes.readUInt16BE(at),
    class: bytes.readUInt16BE(at + 2),
    ttlAt: at + 4,
    ttl: bytes.readUInt32BE(at + 4),
    dataAt,
    end,
  };
}

/** Where the name at `start` ends. Undefined for one that is too long, leaves the message, or points anywhere but back. */
function nameEnd(bytes: Buffer, start: number): number | undefined {
  let at = start;
  let bound = start;
  let end: number | undefined;
  for (let total = 1; total <= MAX_NAME; ) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return end ?? at + 1;
    if (length < 64) {
      total += length + 1;
      at += length + 1;
      continue;
    }
    const low = bytes[at + 1];
    if (length < 0xc0 || low === undefined) return undefined;
    end ??= at + 2;
    at = ((length & 0x3f) << 8) | low;
    // Each jump must go farther back than the one before: so there is no circle.
    if (at >= bound || at < HEADER) return undefined;
    bound = at;
  }
  return undefined;
}

/** True where it asks for what this server can know of: the Internet's class, or any. */
export function isInternet({ class: number }: Question): boolean {
  return number === CLASS_IN || number === TYPE.ANY;
}
