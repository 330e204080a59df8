import { beforeEach, expect, it, vi } from 'vitest';
import { MOST_INPUT } from '../../../../src/contract/v1/terminals.ts';
import { type Ended, type Socket, TerminalConnection } from './connection.ts';

type Fake = {
  sent: (string | Uint8Array)[];
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
};
let socket: Fake;
let shown: (() => void)[];
let ends: Ended[];
let opened: number;
let connection: TerminalConnection;

beforeEach(() => {
  vi.useFakeTimers();
  const sent: (string | Uint8Array)[] = [];
  socket = newFake(sent);
  [shown, ends, opened] = [[], [], 0];
  connection = new TerminalConnection(socket as unknown as Socket, {
    onOpen: () => opened++,
    onOutput: (_bytes, done) => shown.push(done),
    onEnd: (ended) => ends.push(ended),
  });
  return () => vi.useRealTimers();
});

function newFake(sent: (string | Uint8Array)[]): Fake {
  const own = {
    ...{ sent, binaryType: '', readyState: 1, onmessage: null, onclose: null },
    send: (data: string | Uint8Array) => sent.push(data),
    close: () => undefined,
  };
  return own;
}

const hear = (data: unknown) => socket.onmessage?.({ data });
const told = () => socket.sent.map((data) => JSON.parse(String(data)));

it('tells what was shown, and no more than was', () => {
  hear(new ArrayBuffer(100));
  hear(new ArrayBuffer(50));
  vi.runAllTimers();
  expect(socket.sent).toEqual([]);
  for (const done of shown) done();
  vi.runAllTimers();
  expect(told()).toEqual([{ t: 'taken', bytes: 150 }]);
});

it('tells at once of much', () => {
  hear(new ArrayBuffer(100_000));
  shown[0]?.();
  expect(told()).toEqual([{ t: 'taken', bytes: 100_000 }]);
});

it('sends what is pasted in pieces that the manager takes', () => {
  connection.type(new Uint8Array(MOST_INPUT * 2 + 1));
  expect(socket.sent.map((part) => part.length)).toEqual([MOST_INPUT, MOST_INPUT, 1]);
});

it('says once how it has ended: in the manager’s words, or that the connection broke', () => {
  hear(JSON.stringify({ t: 'opened' }));
  hear('not JSON');
  hear(JSON.stringify({ t: 'of a newer manager' }));
  hear(JSON.stringify({ t: 'ended', reason: 'it is over', exitCode: 3 }));
  expect([opened, ends]).toEqual([1, []]);
  socket.onclose?.();
  socket.onclose?.();
  expect(ends).toEqual([{ reason: 'it is over', exitCode: 3 }]);
  const other = newFake([]);
  new TerminalConnection(other as unknown as Socket, {
    onOpen: () => {},
    onOutput: () => {},
    onEnd: (ended) => ends.push(ended),
  });
  other.onclose?.();
  expect(ends[1]).toEqual({});
});

it('says nothing more once the page has closed it', () => {
  connection.close();
  socket.onclose?.();
  hear(new ArrayBuffer(1));
  expect([ends, shown]).toEqual([[], []]);
});
