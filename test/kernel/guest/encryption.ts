import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkOf, PACKETS_EACH } from '../../../src/network/xoverlay/key-chain.ts';
import { until } from '../../lab/run.ts';
import { addressOf, EPOCH, Pair, type Side, xoverlayAt } from './pair.ts';
import type { Suite } from './protocol.ts';
import { tracesOf } from './traces.ts';
import { passText } from './transfer.ts';
import { Wire } from './wire.ts';

/** What is looked for on the wire: 16 bytes that a ping carries over and over, and lines of a file. */
const PING_WORDS = 'a-word-of-a-ping';
const CONTROL_WORDS = 'a-word-in-clear-';
const FILE_WORDS = 'a line that nobody else is to read\n';
const FILE_BYTES = 400_000;

const patternOf = (words: string) => ['-p', Buffer.from(words).toString('hex')];
/** ARP and neighbour discovery aside, everything between hosts. */
const NOT_ESP = '(ip and not ip proto 50) or (ip6 and not ip6 proto 50 and not icmp6)';
const CLEAR = 'udp port 4790 or udp port 4789';
const FRAGMENTS = '(ip and ip[6:2] & 0x3fff != 0) or (ip6 and ip6[6] = 44)';

/** An encrypted network between two hosts whose data addresses are of that family. */
export function encryptionSuite(family: 4 | 6): Suite {
  let wire: Wire;
  let pair: Pair;
  let before: string[];
  const onLink = family === 4 ? '/24' : '/64';
  const nodad = family === 4 ? '' : ' nodad';

  const [one, two] = [() => pair.sides[0], () => pair.sides[1]];
  const traces = () => Promise.all(pair.sides.map(({ host }) => tracesOf(host)));

  /** The largest IP packets that were seen, bytes. */
  const lengths = (frames: readonly string[]) =>
    frames.flatMap((line) => /, length (\d+): /.exec(line)?.[1] ?? []).map((length) => Number(length) - 14);

  /** From the first container to the second one, by TCP. */
  function passesFile(): Promise<void> {
    const { host, endpoint } = two();
    const text = FILE_WORDS.repeat(FILE_BYTES / FILE_WORDS.length);
    const to = { host, container: 'c', ip: endpoint.ipv4 };
    return passText({ host: one().host, container: 'c' }, to, text);
  }

  /** How many questions of pings reach the second container, and how many of them are answered. */
  async function heardWhile(pinging: () => Promise<number>) {
    const words = ['tcpdump', '-l', '-n', '-Z', 'root', '-i', 'eth0', 'icmp[icmptype] = icmp-echo'];
    const child = two().host.spawn(['ip', 'netns', 'exec', 'c', 'busybox', 'timeout', '12', ...words]);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes: Buffer) => {
        said += bytes.toString();
      });
    const ended = new Promise((done) => child.once('close', done));
    await until('tcpdump', async () => said.includes('listening on') || undefined, { timeoutMs: 10_000 });
    const answered = await pinging();
    await ended;
    return { answered, heard: said.split('echo request').length - 1 };
  }

  return {
    async setUp() {
      wire = await Wire.make(['h1', 'h2']);
      for (const n of [1, 2])
        await wire.host(`h${n}`).ip(`address add ${addressOf(n, family)}${onLink} dev eth0${nodad}`);
      pair = await Pair.make(wire, family);
      before = await traces();
      await pair.join();
    },

    tearDown: () => wire.remove(),

    tests: {
      async 'pings and TCP pass, and nothing but ESP is on the wire'() {
        await pair.tellKeys();
        const capture = await wire.capture();
        const control = addressOf(2, family);
        await one().host.must('ping', '-q', '-c', '1', ...patternOf(CONTROL_WORDS), control);
        assert.equal(await pair.pings(10, ...patternOf(PING_WORDS)), 10);
        await passesFile();
        const seen = await capture.end();
        assert.equal(seen.has(CONTROL_WORDS), true, 'a ping between the hosts themselves is to be read');
        assert.equal(seen.has(PING_WORDS), false);
        assert.equal(seen.has(FILE_WORDS), false);
        assert.equal(await seen.count(CLEAR), 0);
        assert.equal(await seen.count(`(${NOT_ESP}) and not icmp`), 0);
        const esp = await seen.count('ip proto 50 or ip6 proto 50');
        assert.ok(esp > 20 + FILE_BYTES / 1500, `${esp} packets of ESP`);
      },

      async 'packets of full size pass, and none is fragmented'() {
        const { span } = pair.network;
        const capture = await wire.capture();
        const headers = 20 + 8;
        assert.equal(await pair.pings(5, '-M', 'do', '-s', String(span.mtu - headers)), 5);
        const over = ['-M', 'do', '-s', String(span.mtu - headers + 1), two().endpoint.ipv4];
        assert.match((await pair.exec(one(), 'ping', '-c', '1', ...over)).stderr, /message too long/i);
        const seen = await capture.end();
        assert.equal(await seen.count(FRAGMENTS), 0);
        const most = Math.max(...lengths(await seen.show('ip proto 50 or ip6 proto 50')));
        // what is encrypted is padded to whole words of four bytes
        assert.ok(most <= 1500 && most > 1500 - 4, `the largest packet on the wire has ${most} bytes`);
      },

      async 'without a key nothing passes, and nothing leaves'() {
        await pair.tellKeys();
        assert.equal(await pair.pings(2), 2);
        for (const { driver } of pair.sides) await driver.keys([]);
        const capture = await wire.capture();
        assert.equal(await pair.pings(5, '-W', '1', ...patternOf(PING_WORDS)), 0);
        const seen = await capture.end();
        assert.equal(await seen.count('ip or (ip6 and not icmp6)'), 0);
        assert.equal(seen.has(PING_WORDS), false);
        await pair.tellKeys();
        assert.equal(await pair.pings(2), 2);
      },

      async 'keys change with no packet lost, whichever host hears first'() {
        await pair.tellKeys();
        const capture = await wire.capture();
        const [a, b] = pair.sides;
        assert.equal(await pair.pings(3), 3);
        for (const [side, epoch] of [
          [a, EPOCH + 1],
          [b, EPOCH + 1],
          [b, EPOCH + 2],
          [a, EPOCH + 2],
        ] as const) {
          const pinging = pair.pings(25);
          await sleep(700);
          await side.driver.keys(pair.keysOf(side, epoch));
          assert.equal(await pinging, 25, `while ${side.host.name} gets the keys of epoch ${epoch}`);
          assert.equal(await pair.pings(3), 3);
        }
        const seen = await capture.end();
        const frames = await seen.show('ip proto 50 or ip6 proto 50');
        const used = new Set(frames.flatMap((line) => /ESP\(spi=(0x[0-9a-f]+)/.exec(line)?.[1] ?? []));
        // three epochs, two directions
        assert.equal(used.size, 6);
        assert.equal(await seen.count(CLEAR), 0);
        // keys that are not taken any more are gone: of three epochs one comes in each, of the two that were heard the next
        // of their chains as well, and one goes out
        assert.equal((await a.host.must('ip', 'xfrm', 'state')).match(/^src /gm)?.length, 6);
      },

      async 'a key that was used for half of its packets is followed by the next, with no packet lost'() {
        await pair.tellKeys(EPOCH + 3);
        const [a, b] = pair.sides;
        assert.equal(await pair.pings(3), 3);
        // what was heard, the host that hears looks at
        await b.driver.renewKeys();
        const [keys] = pair.keysOf(a, EPOCH + 3);
        assert.ok(keys !== undefined);
        const spis = [0, 1].map((at) => linkOf(keys.out, at).spi);
        assert.equal(await sendingSpi(a), spis[0]);
        await countOnFrom(pair, a, PACKETS_EACH - 3);
        await a.driver.renewKeys();
        assert.equal(await sendingSpi(a), spis[0]);
        const capture = await wire.capture();
        const pinging = pair.pings(25);
        await sleep(700);
        await a.driver.renewKeys();
        assert.equal(await pinging, 25);
        assert.equal(await sendingSpi(a), spis[1]);
        assert.equal(await pair.pings(3), 3);
        const frames = await (await capture.end()).show(`src host ${a.address} and proto 50`);
        const used = new Set(frames.flatMap((line) => /ESP\(spi=(0x[0-9a-f]+)/.exec(line)?.[1] ?? []));
        assert.deepEqual([...used].map(Number), spis);
      },

      async 'a key that was used to its end carries nothing, and the next one does'() {
        // as where no agent has run for long
        await pair.tellKeys(EPOCH + 4);
        const [a, b] = pair.sides;
        assert.equal(await pair.pings(3), 3);
        await b.driver.renewKeys();
        const [keys] = pair.keysOf(a, EPOCH + 4);
        assert.ok(keys !== undefined);
        const spiAt = (at: number) => linkOf(keys.out, at).spi;
        await countOnFrom(pair, a, 2 ** 32 - 4);
        const ended = await counter(a, 'XfrmOutStateSeqError');
        assert.ok((await pair.pings(8, '-W', '1')) <= 3);
        assert.ok((await counter(a, 'XfrmOutStateSeqError')) >= ended + 5);
        await a.driver.renewKeys();
        assert.equal(await sendingSpi(a), spiAt(1));
        assert.equal(await pair.pings(5), 5);
        // and on: another half of the next one, which the other host has heard by now
        await b.driver.renewKeys();
        await countOnFrom(pair, a, PACKETS_EACH);
        await a.driver.renewKeys();
        assert.equal(await pair.pings(5), 5);
        // a later life of the agent goes on from there
        await a.driver.kill();
        const driver = await a.host.driver(xoverlayAt(a.address));
        pair = pair.with(0, driver);
        await driver.ensure(pair.network);
        await pair.tellKeys(EPOCH + 4);
        assert.equal(await sendingSpi(a), spiAt(2));
        assert.equal(await pair.pings(5), 5);
      },

      async 'what was encrypted with another key is dropped'() {
        await pair.tellKeys();
        const [a, b] = pair.sides;
        const wrong = pair.keysOf(b).map((peer) => ({
          ...peer,
          in: peer.in.map(({ spi, key }) => ({
            spi,
            key: key.replace(/^../, (two) => (two === 'ff' ? '00' : 'ff')),
          })),
        }));
        // a key is never changed under its index: the host must forget it first
        await b.driver.keys([]);
        await b.driver.keys(wrong);
        const failed = await counter(b, 'XfrmInStateProtoError');
        assert.deepEqual(await heardWhile(() => pair.pings(5, '-W', '1')), { answered: 0, heard: 0 });
        assert.ok((await counter(b, 'XfrmInStateProtoError')) >= failed + 5);
        await b.driver.keys([]);
        await b.driver.keys(pair.keysOf(b));
        await a.driver.keys(pair.keysOf(a));
        assert.deepEqual(await heardWhile(() => pair.pings(5)), { answered: 5, heard: 5 });
      },

      async 'goes on while no agent runs, and its next life takes over what is there'() {
        await pair.tellKeys();
        const a = one();
        await a.driver.kill();
        assert.equal(await pair.pings(3), 3);
        const driver = await a.host.driver(xoverlayAt(a.address));
        await driver.ensure(pair.network);
        assert.equal(await pair.pings(3), 3);
        await driver.keys(pair.keysOf(a, EPOCH + 1));
        await two().driver.keys(pair.keysOf(two(), EPOCH + 1));
        assert.equal(await pair.pings(3), 3);
        pair = pair.with(0, driver);
      },

      async 'leaves nothing when it is removed'() {
        await pair.leave();
        assert.deepEqual(await traces(), before);
      },
    },
  };
}

/** With which association the policy to the other host sends. */
async function sendingSpi({ host, address }: Side): Promise<number> {
  const shown = await host.must('ip', 'xfrm', 'policy');
  const policy = shown.split(/\n(?=src )/).find((one) => one.startsWith(`src ${address}/`)) ?? '';
  return Number(/proto esp spi (0x[0-9a-f]+)/.exec(policy)?.[1]);
}

/** The association that the host sends with has carried so many packets; only the kernel's count is another one. */
async function countOnFrom(pair: Pair, side: Side, packets: number): Promise<void> {
  const { host, address: src } = side;
  const { address: dst } = pair.other(side);
  const spi = await sendingSpi(side);
  const shown = await host.must('ip', 'xfrm', 'state');
  const states = shown.split(/\n(?=src )/).filter((one) => one.startsWith(`src ${src} dst ${dst}`));
  const [, key] = /aead \S+ 0x([0-9a-f]+)/.exec(states.find((one) => spiOf(one) === spi) ?? '') ?? [];
  const [, reqid] = /reqid (\d+)/.exec(shown) ?? [];
  await host.ip(
    `xfrm state delete src ${src} dst ${dst} proto esp spi ${spi}`,
    `xfrm state add src ${src} dst ${dst} proto esp spi ${spi} reqid ${reqid} mode transport replay-oseq ${packets} ` +
      `aead rfc4106(gcm(aes)) 0x${key} 128 sel src ${src} dst ${dst} proto 17 dport 4790`,
  );
}

const spiOf = (state: string) => Number(/proto esp spi (0x[0-9a-f]+)/.exec(state)?.[1]);

async function counter({ host }: Side, name: string): Promise<number> {
  const shown = await host.must('cat', '/proc/net/xfrm_stat');
  return Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(shown)?.[1]);
}
