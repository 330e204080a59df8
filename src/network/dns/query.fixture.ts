import { type DecodedPacket, decode, encode, type Question, type RecordType } from 'dns-packet';
import { type Query, readQuery } from './wire.ts';

/** Bytes of a question as a resolver sends it. `udpSize` adds EDNS. */
export function questionBytes(
  name: string,
  type: RecordType | number,
  more: Readonly<{ id?: number; udpSize?: number; rd?: boolean }> = {},
): Buffer {
  const question = { name, type: 'A' } as Question;
  const bytes = encode({
    type: 'query',
    id: more.id ?? 4242,
    flags: more.rd === false ? 0 : 0x100,
    questions: [typeof type === 'number' ? question : { ...question, type }],
    additionals:
      more.udpSize === undefined
        ? []
        : [
            {
              ...{ type: 'OPT', name: '.', udpPayloadSize: more.udpSize, extendedRcode: 0 },
              ...{ ednsVersion: 0, flags: 0, flag_do: false, options: [] },
            },
          ],
  });
  if (typeof type === 'number') bytes.writeUInt16BE(type, 12 + name.length + 2);
  return bytes;
}

export function queryOf(...how: Parameters<typeof questionBytes>): Query {
  const incoming = readQuery(questionBytes(...how));
  if (incoming.kind !== 'query') throw new Error(`no query: ${JSON.stringify(incoming)}`);
  return incoming.query;
}

/** An answer as `dns-packet` reads it: what is written here is read by others. */
export function decoded(bytes: Buffer | undefined): DecodedPacket & { rcode: string } {
  if (bytes === undefined) throw new Error('no answer');
  return decode(bytes) as DecodedPacket & { rcode: string };
}

/** Data of the answers, in their order. */
export function dataOf(bytes: Buffer | undefined): unknown[] {
  return (decoded(bytes).answers ?? []).map((answer) => ('data' in answer ? answer.data : undefined));
}
