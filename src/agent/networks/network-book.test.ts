import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManagerFrame, NetworkAsk } from '../../contract/link.ts';
import { silentLogger } from '../../kit/logger.ts';
import { SPAN } from '../../network/libnetwork/host-book.fixture.ts';
import { cleanUp, IDENTITY, temporaryDir } from '../agent.fixture.ts';
import { Asks } from './asks.ts';
import { NetworkBook } from './network-book.ts';
import { NetworkFiles } from './network-files.ts';

type Answer = Omit<ManagerFrame & { t: 'answer' }, 't' | 'id'>;

let dir: string;
let files: NetworkFiles;
let asks: Asks;
let book: NetworkBook;
let asked: NetworkAsk[];
/** What the manager says. */
let answer: (ask: NetworkAsk) => Answer;
beforeEach(async () => {
  dir = join(await temporaryDir(), 'networks');
  files = await NetworkFiles.open(dir, IDENTITY, silentLogger);
  asks = new Asks(silentLogger);
  book = new NetworkBook({ files, asks, holdings: () => [], logger: silentLogger, tellAgainMs: 50 });
  files.state.networks.n1 = { id: 'n1', span: SPAN, engineId: 'e1' };
  asked = [];
  asks.attach((frame) => {
    if (frame.t !== 'ask') return;
    asked.push(frame.ask);
    setImmediate(() => asks.onAnswer({ t: 'answer', id: frame.id, ...answer(frame.ask) }));
  });
});
afterEach(async () => {
  book.close();
  asks.close();
  await files.close();
  await cleanUp();
});

const lease = { network: 'n1', ip: '10.5.0.77', mac: '02:be:0a:05:00:4d', holder: 'h' };
const back = { op: 'give-back', network: 'n1', endpoint: 'h', ip: '10.5.0.77' };

describe('what is given back', () => {
  it('is told again until the manager can write', async () => {
    answer = () => ({ error: { message: 'the disk is full', retryable: true } });
    book.giveBack(lease);
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    expect(files.state.due).toEqual([back]);
    answer = () => ({});
    await expect.poll(() => files.state.due).toEqual([]);
    expect(asked).toEqual(asked.map(() => back));
  });

  it('is not told again where the manager knows nothing of it', async () => {
    answer = () => ({ error: { message: 'no such network' } });
    book.giveBack(lease);
    await expect.poll(() => files.state.due).toEqual([]);
    expect(asked).toEqual([back]);
  });
});

describe('an answer that comes after the engine has been told that there is none', () => {
  const wanted = { driver: 'xoverlay', pools: [], options: {}, internal: false };
  /** Answers of the questions, in the order in which they came. */
  let answers: (() => void)[];
  beforeEach(() => {
    asks.close();
    asks = new Asks(silentLogger, 20);
    book = new NetworkBook({ files, asks, holdings: () => [], logger: silentLogger });
    answers = [];
    asks.attach((frame) => {
      if (frame.t !== 'ask') return;
      asked.push(frame.ask);
      answers.push(() => asks.onAnswer({ t: 'answer', id: frame.id, ...answer(frame.ask) }));
    });
    answer = ({ op }) => {
      if (op === 'create-network') return { network: 'p1', span: SPAN };
      return op === 'take-address' ? { endpoint: { ipv4: lease.ip, mac: lease.mac } } : {};
    };
  });

  it('is undone: the network goes', async () => {
    await expect(book.newNetwork(wanted)).rejects.toMatchObject({ code: 'unavailable' });
    answers[0]?.();
    expect(asked.at(-1)).toEqual({ op: 'delete-network', network: 'p1' });
    expect(book.network('p1')).toBeUndefined();
  });

  it('is undone: the address is given back', async () => {
    const taken = book.takeAddress({ network: 'n1', subnet: '10.5.0.0/24', endpointId: 'e' });
    await expect(taken).rejects.toMatchObject({ code: 'unavailable' });
    answers[0]?.();
    expect(asked.at(-1)).toEqual({ ...back, endpoint: 'e' });
  });

  it('is not undone where the same was asked for again', async () => {
    const take = () => book.takeAddress({ network: 'n1', subnet: '10.5.0.0/24', endpointId: 'e' });
    await expect(take()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(take()).rejects.toMatchObject({ code: 'unavailable' });
    const again = take();
    answers[0]?.();
    answers[2]?.();
    await again;
    answers[1]?.();
    expect(asked.map(({ op }) => op)).toEqual(asked.map(() => 'take-address'));
  });
});

describe('a network that the engine has never made', () => {
  beforeEach(() => {
    answer = () => ({});
    for (const id of ['p1', 'p2']) files.state.networks[id] = { id, span: SPAN, engineId: '', plain: true };
  });

  it('is none of the engine’s, whatever that is called', async () => {
    expect(book.bound().map(({ id }) => id)).toEqual(['n1']);
    expect(book.networkOfEngine('')).toBeUndefined();
    await book.unbind('');
    expect(Object.keys(files.state.networks)).toEqual(['n1', 'p1', 'p2']);
  });

  it('goes by its own ID, and the manager hears of it', async () => {
    expect(book.unmade().map(({ id }) => id)).toEqual(['p1', 'p2']);
    book.drop('p2');
    expect(Object.keys(files.state.networks)).toEqual(['n1', 'p1']);
    await expect.poll(() => asked).toEqual([{ op: 'delete-network', network: 'p2' }]);
  });

  it('is left alone while it is being made', async () => {
    answer = () => ({ network: 'p3', span: SPAN });
    await book.newNetwork({ driver: 'xoverlay', pools: [], options: {}, internal: false });
    expect(book.unmade().map(({ id }) => id)).toEqual(['p1', 'p2']);
  });
});

describe('an address of the manager', () => {
  const taken = () => book.takeAddress({ network: 'n1', subnet: '10.5.0.0/24' });
  beforeEach(() => {
    answer = ({ op }) => (op === 'take-address' ? { endpoint: { ipv4: lease.ip, mac: lease.mac } } : {});
  });

  it('is on the disk before the engine gets it', async () => {
    const { holder } = await taken();
    const state = JSON.parse(await readFile(join(dir, 'networks.json'), 'utf8'));
    expect(state.leases).toEqual([{ ...lease, holder }]);
  });

  it('is given back where the disk does not take it', async () => {
    // A folder in its place: root may write everywhere.
    await mkdir(join(dir, 'networks.json.tmp'));
    await expect(taken()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`cannot write its networks to ${dir} (EISDIR`),
      hint: 'free space there',
    });
    await expect.poll(() => asked.map(({ op }) => op)).toEqual(['take-address', 'give-back']);
    expect(book.lease('n1', lease.ip)).toBeUndefined();
    await rm(join(dir, 'networks.json.tmp'), { recursive: true });
  });
});
