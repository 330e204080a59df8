import { describe, expect, it } from 'vitest';
import { BerthError } from '../../kit/errors.ts';
import type { Run } from '../commands.ts';
import type { EspKey, PeerKeys } from '../driver.ts';
import { countedIn, encrypt, encryptionLines, needEncryption, presentIn, renewLinks } from './encryption.ts';
import { linkOf, PACKETS_EACH } from './key-chain.ts';

const key = (spi: number) => ({ spi, key: spi.toString(16).padStart(72, '0') });
const peer = (outSpi: number, inSpis: readonly number[]): PeerKeys => ({
  address: '10.9.0.2',
  own: '10.9.0.1',
  out: key(outSpi),
  in: inSpis.map(key),
});

/** As iproute2 6.1 prints what `encryptionLines` makes; the keys are longer there. */
const STATES = `src 10.9.0.1 dst 10.9.0.2
\tproto esp spi 0x00001001 reqid 48711 mode transport
\treplay-window 0 
\taead rfc4106(gcm(aes)) 0x01 128
\tsel src 10.9.0.1/32 dst 10.9.0.2/32 proto udp dport 4790 
src 10.9.0.2 dst 10.9.0.1
\tproto esp spi 0x00002001 reqid 48711 mode transport
\treplay-window 0 
src 10.0.0.1 dst 10.0.0.2
\tproto esp spi 0x00000abc reqid 1 mode tunnel
`;
const POLICIES = `src ::/0 dst ::/0 proto udp dport 4790 
\tdir in action block priority 2000 ptype main 
src 0.0.0.0/0 dst 0.0.0.0/0 proto udp dport 4790 
\tdir out action block priority 2000 ptype main 
src 10.9.0.2/32 dst 10.9.0.1/32 proto udp dport 4790 
\tdir in priority 0 ptype main 
\ttmpl src 10.9.0.2 dst 10.9.0.1
\t\tproto esp reqid 48711 mode transport
src 10.9.0.1/32 dst 10.9.0.2/32 proto udp dport 4790 
\tdir out priority 0 ptype main 
\ttmpl src 10.9.0.1 dst 10.9.0.2
\t\tproto esp spi 0x00001001 reqid 48711 mode transport
src 10.1.0.0/16 dst 10.2.0.0/16 
\tdir out priority 0 ptype main 
`;

const BLOCKS = [
  'xfrm policy update src 0.0.0.0/0 dst 0.0.0.0/0 proto 17 dport 4790 dir out action block priority 2000',
  'xfrm policy update src 0.0.0.0/0 dst 0.0.0.0/0 proto 17 dport 4790 dir in action block priority 2000',
  'xfrm policy update src ::/0 dst ::/0 proto 17 dport 4790 dir out action block priority 2000',
  'xfrm policy update src ::/0 dst ::/0 proto 17 dport 4790 dir in action block priority 2000',
];

describe('encryption between two hosts', () => {
  it('is associations for what comes and goes, then policies that block everything but what those of the peers encrypt', () => {
    const lines = encryptionLines({ peers: [peer(0x1001, [0x2001])], blocked: true }, new Map());
    const sel = (src: string, dst: string) => `src ${src} dst ${dst} proto 17 dport 4790`;
    expect(lines).toEqual([
      `xfrm state add src 10.9.0.2 dst 10.9.0.1 proto esp spi 8193 reqid 48711 mode transport aead rfc4106(gcm(aes)) 0x${key(0x2001).key} 128 sel ${sel('10.9.0.2', '10.9.0.1')}`,
      `xfrm state add src 10.9.0.1 dst 10.9.0.2 proto esp spi 4097 reqid 48711 mode transport aead rfc4106(gcm(aes)) 0x${key(0x1001).key} 128 sel ${sel('10.9.0.1', '10.9.0.2')}`,
      ...BLOCKS,
      `xfrm policy update ${sel('10.9.0.2/32', '10.9.0.1/32')} dir in tmpl src 10.9.0.2 dst 10.9.0.1 proto esp reqid 48711 mode transport`,
      `xfrm policy update ${sel('10.9.0.1/32', '10.9.0.2/32')} dir out tmpl src 10.9.0.1 dst 10.9.0.2 proto esp spi 4097 reqid 48711 mode transport`,
    ]);
  });

  it('changes keys without a gap: the new ones first, then the policy, then away with the old ones', () => {
    const lines = encryptionLines(
      { peers: [peer(0x1002, [0x2001, 0x2002])], blocked: true },
      presentIn(STATES, POLICIES),
    );
    expect(lines.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'xfrm state add',
      'xfrm state add',
      ...Array.from({ length: 6 }, () => 'xfrm policy update'),
      'xfrm state delete',
    ]);
    expect(lines[0]).toContain('spi 8194');
    expect(lines[1]).toContain('spi 4098');
    expect(lines.at(-1)).toBe('xfrm state delete src 10.9.0.1 dst 10.9.0.2 proto esp spi 4097');
  });

  it('ends with all of ours gone, and nothing else', () => {
    expect(encryptionLines({ peers: [], blocked: false }, presentIn(STATES, POLICIES))).toEqual([
      'xfrm policy delete src ::/0 dst ::/0 proto 17 dport 4790 dir in',
      'xfrm policy delete src 0.0.0.0/0 dst 0.0.0.0/0 proto 17 dport 4790 dir out',
      'xfrm policy delete src 10.9.0.2/32 dst 10.9.0.1/32 proto 17 dport 4790 dir in',
      'xfrm policy delete src 10.9.0.1/32 dst 10.9.0.2/32 proto 17 dport 4790 dir out',
      'xfrm state delete src 10.9.0.1 dst 10.9.0.2 proto esp spi 4097',
      'xfrm state delete src 10.9.0.2 dst 10.9.0.1 proto esp spi 8193',
    ]);
  });

  it('finds what is ours on a host without /etc/protocols, whose iproute2 prints numbers', () => {
    const numbered = (shown: string) => shown.replaceAll('proto udp', 'proto 17');
    expect(presentIn(numbered(STATES), numbered(POLICIES))).toEqual(presentIn(STATES, POLICIES));
  });

  it('ends without letting anything out in clear while there is an encrypted network', () => {
    const lines = encryptionLines({ peers: [], blocked: true }, presentIn(STATES, POLICIES));
    expect(lines.slice(0, 4)).toEqual(BLOCKS);
    expect(lines.slice(4).map((line) => line.split(' dport')[0])).toEqual([
      'xfrm policy delete src 10.9.0.2/32 dst 10.9.0.1/32 proto 17',
      'xfrm policy delete src 10.9.0.1/32 dst 10.9.0.2/32 proto 17',
      'xfrm state delete src 10.9.0.1 dst 10.9.0.2 proto esp spi 4097',
      'xfrm state delete src 10.9.0.2 dst 10.9.0.1 proto esp spi 8193',
    ]);
  });

  it('never shows a key in the list of processes', async () => {
    const ran: string[][] = [];
    const run: Run = async (argv, { input = '' } = {}) => {
      ran.push([...argv]);
      if (input !== '') expect(input).toContain(key(0x1001).key);
      return '';
    };
    await encrypt(run, { peers: [peer(0x1001, [0x2001])], blocked: true });
    expect(ran).toEqual([
      ['ip', '-statistics', 'xfrm', 'state'],
      ['ip', 'xfrm', 'policy'],
      ['ip', '-force', '-batch', '-'],
    ]);
  });

  describe('where the kernel refuses a line', () => {
    const policies = `${POLICIES}src ::/0 dst ::/0 proto udp dport 4790
\tdir out action block priority 2000 ptype main
src 0.0.0.0/0 dst 0.0.0.0/0 proto udp dport 4790
\tdir in action block priority 2000 ptype main
`;
    /** What the kernel has before and after, and what it says to the lines. */
    const kernel = (after: string, said: string): Run => {
      let done = false;
      return async (argv) => {
        if (argv.includes('state')) return done ? STATES : '';
        if (argv.includes('policy')) return done ? after : '';
        done = true;
        expect(argv).toContain('-force');
        throw new BerthError('internal', said);
      };
    };
    const wanted = (spi: number) => ({ peers: [peer(spi, [0x2001])], blocked: true });

    it('all others are carried out, and what is there already is no error', async () => {
      await encrypt(kernel(policies, 'ip: RTNETLINK answers: File exists'), wanted(0x1001));
    });

    it('what is missing then is an error, a policy with the key of before too', async () => {
      const refused = (spi: number, after = policies) =>
        expect(encrypt(kernel(after, 'ip: No buffer space'), wanted(spi))).rejects;
      await refused(0x1001, POLICIES).toThrow(/has not taken 2 .*No buffer space/);
      await refused(0x1002).toThrow('has not taken 2 associations and policies');
    });

    it('what needs IPv6 is not missing where there is none', async () => {
      const four = policies.replaceAll(/src ::[^\n]*\n[^\n]*\n/g, '');
      expect(four).not.toContain('::');
      const none = 'ip: RTNETLINK answers: Address family not supported by protocol';
      await encrypt(kernel(four, none), wanted(0x1001));
    });
  });

  describe('after many packets', () => {
    /** As iproute2 6.1 prints it with statistics. */
    const association = (src: string, dst: string, one: EspKey, sent: number, heard: number) =>
      `src ${src} dst ${dst}
\tproto esp spi 0x${one.spi.toString(16).padStart(8, '0')}(${one.spi}) reqid 48711(0x0000be47) mode transport
\treplay-window 0 seq 0x00000000 flag  (0x00000000)
\taead rfc4106(gcm(aes)) 0x${one.key} (288 bits) 128
\tanti-replay context: seq 0x0, oseq 0x${sent.toString(16)}, bitmap 0x00000000
\tsel src ${src}/32 dst ${dst}/32 proto udp sport 0 dport 4790 uid 0
\tlifetime config:
\t  limit: soft (INF)(bytes), hard (INF)(bytes)
\t  limit: soft (INF)(packets), hard (INF)(packets)
\t  expire add: soft 0(sec), hard 0(sec)
\tlifetime current:
\t  ${heard * 84}(bytes), ${heard}(packets)
\t  add 2026-11-29 12:00:00 use 2026-11-29 12:00:01
\tstats:
\t  replay-window 0 replay 0 failed 0
`;
    const [out, next] = [key(0x1001), linkOf(key(0x1001), 1)];
    const states = (sent: number, heard: number) =>
      association('10.9.0.1', '10.9.0.2', out, sent, 0) +
      association('10.9.0.2', '10.9.0.1', key(0x2001), 0, heard);
    const wanted = { peers: [peer(0x1001, [0x2001])], blocked: true };
    /** @returns what is carried out, and to whom the host sends with another key */
    async function renewed(shown: string) {
      const batches: string[] = [];
      const run: Run = async (argv, { input = '' } = {}) => {
        if (argv.includes('state')) return shown;
        if (argv.includes('policy')) return POLICIES;
        batches.push(input);
        return '';
      };
      return { to: await renewLinks(run, wanted), batches };
    }

    it('finds what was counted, and of which key', () => {
      const counted = countedIn(states(0xfffffff1, 7));
      expect(counted.get('10.9.0.1 10.9.0.2')?.get(0x1001)).toEqual({
        sent: 0xfffffff1,
        heard: 0,
        key: out.key,
      });
      expect(counted.get('10.9.0.2 10.9.0.1')?.get(0x2001)).toMatchObject({ heard: 7 });
      expect(countedIn(STATES.replaceAll('48711', '1')).size).toBe(0);
    });

    it('does nothing as long as there is nothing to do', async () => {
      expect(await renewed(states(PACKETS_EACH - 1, 0))).toEqual({ to: [], batches: [] });
    });

    it('sends with the next key of the chain, and lets the one before go', async () => {
      const { to, batches } = await renewed(states(PACKETS_EACH, 0));
      expect(to).toEqual(['10.9.0.2']);
      const lines = batches.join('').split('\n');
      expect(lines[0]).toContain(
        `spi ${next.spi} reqid 48711 mode transport aead rfc4106(gcm(aes)) 0x${next.key} `,
      );
      const policy = lines.findIndex(
        (line) => line.includes('dir out tmpl') && line.includes(`spi ${next.spi} `),
      );
      const gone = lines.findIndex(
        (line) => line.includes('state delete') && line.endsWith(`spi ${out.spi}`),
      );
      expect(policy).toBeGreaterThan(0);
      expect(gone).toBeGreaterThan(policy);
    });

    it('takes the next key as soon as the one before has been heard', async () => {
      const { to, batches } = await renewed(states(0, 1));
      expect(to).toEqual([]);
      expect(batches.join('')).toContain(`0x${linkOf(key(0x2001), 1).key} `);
      expect(batches.join('')).not.toContain('state delete');
    });
  });

  it('is tried with another SPI each time', async () => {
    const tried = new Set<string>();
    const run: Run = async (_, { input = '' } = {}) => {
      tried.add(/spi (\d+)/.exec(input)?.[1] ?? '');
      return '';
    };
    for (let time = 0; time < 3; time++) await needEncryption(run, '10.9.0.1', true);
    expect(tried.size).toBe(3);
  });

  it('is refused with what to do where the kernel has no ESP', async () => {
    const run: Run = async () => {
      throw new BerthError('internal', 'ip: Error: Requested AEAD algorithm not found.');
    };
    await expect(needEncryption(run, '10.9.0.1', true)).rejects.toThrow(
      /cannot encrypt.*between IPv4 addresses.*AEAD algorithm not found/,
    );
    await expect(needEncryption(async () => '', '203.0.113.9', false)).rejects.toThrow(
      /data address 203.0.113.9/,
    );
  });

  it('is tried between addresses of the family that the data address is of', async () => {
    const kernelWithoutSix: Run = async (_, { input = '' } = {}) => {
      if (input.includes('dst 2001:db8::2')) throw new BerthError('internal', 'ip: Protocol not supported');
      return '';
    };
    await needEncryption(kernelWithoutSix, '10.9.0.1', true);
    await expect(needEncryption(kernelWithoutSix, 'fd99::1', true)).rejects.toMatchObject({
      message: expect.stringMatching(
        /between IPv6 addresses, as its data address fd99::1 is one \(.*not supported/,
      ),
      hint: expect.stringContaining('CONFIG_INET6_ESP'),
    });
  });
});
