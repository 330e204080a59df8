import { type Answer, encode, type OptAnswer } from 'dns-packet';
import { FLAG, RCODE, TYPE } from './numbers.ts';
import type { Query } from './wire.ts';

/** A record that is sent; owner, type and data as in `dns-packet`. */
export type ResourceRecord = Exclude<Answer, OptAnswer>;

/** What a server has to say. */
export type Reply = Readonly<{
  rcode: number;
  authoritative: boolean;
  recursionAvailable: boolean;
  answers?: readonly ResourceRecord[];
  authorities?: readonly ResourceRecord[];
  additionals?: readonly ResourceRecord[];
}>;

/**
 * Bytes of an answer by UDP at most, whatever the asker takes: more may be split into fragments, which get lost and can be
 * forged (dnsflagday.net/2020).
 */
export const MAX_UDP = 1232;
/** Bytes by UDP to who says nothing of more (RFC 1035, section 2.3.4). */
const PLAIN_UDP = 512;
const MAX_TCP = 65_535;

/** How long an answer to this query may be, in bytes. */
export function sizeLimit(query: Query, transport: 'udp' | 'tcp'): number {
  if (transport === 'tcp') return MAX_TCP;
  return query.edns === undefined ? PLAIN_UDP : Math.min(MAX_UDP, Math.max(PLAIN_UDP, query.edns.udpSize));
}

/**
 * The answer's bytes. Where all does not fit into `limit` there are as many answers as do, and TC: an asker without TCP can
 * use these. Additional records are left out without a word.
 */
export function encodeReply(query: Query, reply: Reply, limit: number): Buffer {
  const opt = query.edns === undefined ? undefined : optRecord(reply.rcode);
  const question = query.question.raw;
  let room = limit - 12 - question.length - (opt?.length ?? 0);
  const take = (records: readonly ResourceRecord[] = []): { whole: boolean; bytes: Buffer[] } => {
    const bytes: Buffer[] = [];
    for (const record of records) {
      const encoded = encodeRecord(query, record);
      if (encoded.length > room) return { whole: false, bytes };
      room -= encoded.length;
      bytes.push(encoded);
    }
    return { whole: true, bytes };
  };
  const answers = take(reply.answers);
  const authorities = answers.whole ? take(reply.authorities) : { whole: false, bytes: [] };
  const whole = answers.whole && authorities.whole;
  const additionals = whole ? take(reply.additionals).bytes : [];
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(
    FLAG.QR |
      (reply.authoritative ? FLAG.AA : 0) |
      (whole ? 0 : FLAG.TC) |
      (query.recursionDesired ? FLAG.RD : 0) |
      (reply.recursionAvailable ? FLAG.RA : 0) |
      (query.checkingDisabled ? FLAG.CD : 0) |
      (reply.rcode & 0xf),
    2,
  );
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.bytes.length, 6);
  header.writeUInt16BE(authorities.bytes.length, 8);
  header.writeUInt16BE(additionals.length + (opt === undefined ? 0 : 1), 10);
  return Buffer.concat([
    header,
    question,
    ...answers.bytes,
    ...authorities.bytes,
    ...additionals,
    ...(opt === undefined ? [] : [opt]),
  ]);
}

/** Twelve bytes for a message whose question could not be read. */
export function encodeRefusal(id: number, flags: number, rcode: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.QR | (flags & (0x7800 | FLAG.RD)) | (rcode & 0xf), 2);
  return header;
}

/** The header without records: the asker comes again by TCP, or gives up, by `flags` and `rcode`. */
export function encodeEmpty(query: Query, rcode: number, flags = 0): Buffer {
  const reply = { rcode, authoritative: false, recursionAvailable: true };
  const bytes = encodeReply(query, reply, MAX_TCP);
  bytes.writeUInt16BE(bytes.readUInt16BE(2) | flags, 2);
  return bytes;
}

/** `dns-packet` writes every name out; the owner is nearly always what was asked for, and then two bytes are enough. */
function encodeRecord(query: Query, record: ResourceRecord): Buffer {
  const isAsked = record.name.toLowerCase() === query.question.name;
  if (!isAsked || record.name === '' || record.name === '.')
    return encode({ answers: [record] }).subarray(12);
  const withoutOwner = encode({ answers: [{ ...record, name: '.' }] }).subarray(13);
  return Buffer.concat([Buffer.from([0xc0, 0x0c]), withoutOwner]);
}

/** RFC 6891, section 6.1.2; the upper eight bits of the code are its. */
export function optRecord(rcode: number = RCODE.NOERROR, dnssecOk = false): Buffer {
  const bytes = Buffer.alloc(11);
  bytes.writeUInt16BE(TYPE.OPT, 1);
  bytes.writeUInt16BE(MAX_UDP, 3);
  bytes.writeUInt8((rcode >>> 4) & 0xff, 5);
  bytes.writeUInt16BE(dnssecOk ? 0x8000 : 0, 7);
  return bytes;
}
