import { decode, type OptAnswer } from 'dns-packet';
import { encodeEmpty, encodeReply, type ResourceRecord } from './message.ts';
import { RCODE } from './numbers.ts';
import type { UpstreamAnswer } from './upstream-answer.ts';
import type { Query, Question } from './wire.ts';

/** The question under another name, lower case and a domain name. */
export function questionAs({ type, class: number }: Question, name: string): Question {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(type, 1);
  tail.writeUInt16BE(number, 3);
  return { name, type, class: number, raw: Buffer.concat([...labels, tail]) };
}

/** What upstream says of `target`, behind a CNAME from the name that was asked for: askers do not go on by themselves. */
export function answerAs(
  query: Query,
  target: string,
  { bytes, rcode }: UpstreamAnswer,
  age: number,
  limit: number,
): Buffer {
  let read: ReturnType<typeof decode>;
  try {
    read = decode(bytes);
  } catch {
    // Anybody may have written it.
    return encodeEmpty(query, RCODE.SERVFAIL);
  }
  const aged = (records: typeof read.answers): ResourceRecord[] =>
    (records ?? [])
      .filter((one): one is Exclude<typeof one, OptAnswer> => one.type !== 'OPT')
      .map(
        (one): ResourceRecord => ('ttl' in one ? { ...one, ttl: Math.max(0, (one.ttl ?? 0) - age) } : one),
      );
  const answers = aged(read.answers);
  const authorities = answers.length === 0 ? aged(read.authorities) : [];
  // No longer than what it leads to.
  const ttl = Math.min(
    ...[...answers, ...authorities].map((one) => ('ttl' in one ? (one.ttl ?? 0) : 0)),
    300,
  );
  const alias: ResourceRecord = { name: query.question.name, type: 'CNAME', ttl, data: target };
  const said = { rcode, authoritative: false, recursionAvailable: true };
  return encodeReply(query, { ...said, answers: [alias, ...answers], authorities }, limit);
}
