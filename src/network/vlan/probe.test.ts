import { describe, expect, it } from 'vitest';
import type { Run } from '../commands.ts';
import { announce, announceLines, probe, probeLines, readAnswers } from './probe.ts';

const endpoint = { ipv4: '10.0.0.5', ipv6: 'fd00::5', mac: '02:be:0a:00:00:05' };

describe('probe', () => {
  it('asks from an interface without addresses', () => {
    expect(probeLines('vc1', ['10.0.0.5'])).toEqual([
      'link set dev lo up',
      'link set dev vc1 addrgenmode none',
      'link set dev vc1 up',
      'neighbour replace 10.0.0.5 dev vc1 use',
    ]);
    expect(probeLines('vc1', ['fd00::5'])).toContain('address add fe80::be:53/64 dev vc1 nodad');
  });

  it('announces by two changes of the MAC', () => {
    expect(announceLines('vc1', endpoint)).toEqual([
      'address add 10.0.0.5/32 dev vc1',
      'address add fd00::5/128 dev vc1 nodad',
      'link set dev vc1 address 02:be:0a:00:00:05',
      'link set dev vc1 address 02:be:0a:00:00:05',
    ]);
  });

  it('reads who answered', () => {
    const shown = JSON.stringify([
      { dst: '10.0.0.5', state: ['INCOMPLETE'] },
      { dst: 'fd00::5', lladdr: '02:00:00:00:00:01', state: ['REACHABLE'] },
      { dst: 'fe80::1', lladdr: '02:00:00:00:00:02', router: null, state: ['STALE'] },
    ]);
    expect(readAnswers(shown, ['10.0.0.5', 'fd00::5'])).toEqual({
      answers: [{ ip: 'fd00::5', mac: '02:00:00:00:00:01' }],
      waiting: true,
    });
    expect(readAnswers('[{"dst":"10.0.0.5","state":["FAILED"]}]', ['10.0.0.5'])).toEqual({
      answers: [],
      waiting: false,
    });
    expect(readAnswers('', ['10.0.0.5'])).toEqual({ answers: [], waiting: false });
  });

  const answering =
    (neighbours: unknown, ran: string[] = []): Run =>
    async (argv, options) => {
      ran.push(
        `${argv.join(' ')}${options?.input === undefined ? '' : ` < ${options.input.trim().split('\n')[0]}`}`,
      );
      return argv.includes('neighbour') ? JSON.stringify(neighbours) : '';
    };

  it('lets an address be that nobody answers for', async () => {
    const ran: string[] = [];
    await probe(answering([{ dst: '10.0.0.5', state: ['FAILED'] }], ran), 'ns', 'vc1', endpoint);
    expect(ran).toEqual([
      'nsenter --net=/run/netns/ns -- tee /proc/sys/net/ipv4/neigh/vc1/retrans_time_ms < 200',
      'nsenter --net=/run/netns/ns -- tee /proc/sys/net/ipv6/neigh/vc1/retrans_time_ms < 200',
      'ip -n ns -batch - < link set dev lo up',
      'ip -n ns -json neighbour show dev vc1',
    ]);
  });

  it('refuses one that is in use, naming the MAC', async () => {
    const other = [{ dst: '10.0.0.5', lladdr: '02:00:00:00:00:01', state: ['REACHABLE'] }];
    await expect(probe(answering(other), 'ns', 'vc1', endpoint)).rejects.toMatchObject({
      code: 'conflict',
      message: 'address 10.0.0.5 is in use by a machine with the MAC 02:00:00:00:00:01',
    });
    const older = [{ dst: '10.0.0.5', lladdr: endpoint.mac, state: ['REACHABLE'] }];
    await expect(probe(answering(older), 'ns', 'vc1', endpoint)).rejects.toThrow(
      'older copy of this container',
    );
  });

  it('announces after the kernel has been told to', async () => {
    const ran: string[] = [];
    await announce(answering([], ran), 'ns', 'vc1', endpoint);
    expect(ran).toEqual([
      'nsenter --net=/run/netns/ns -- tee /proc/sys/net/ipv4/conf/vc1/arp_notify < 1',
      'nsenter --net=/run/netns/ns -- tee /proc/sys/net/ipv6/conf/vc1/ndisc_notify < 1',
      'ip -n ns -batch - < address add 10.0.0.5/32 dev vc1',
    ]);
  });
});
