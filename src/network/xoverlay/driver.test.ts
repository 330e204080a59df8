import { expect, it } from 'vitest';
import { silentLogger } from '../../kit/logger.ts';
import type { Run } from '../commands.ts';
import { newXoverlayDriver } from './driver.ts';

it('changes of members that wait are carried out as one, so that a container that joins does not wait for each', async () => {
  const batches: string[] = [];
  const run: Run = async (argv, { input = '' } = {}) => {
    if (argv[0] === 'bridge' && input !== '') batches.push(input);
    return '';
  };
  const driver = newXoverlayDriver({
    ...{ run, logger: silentLogger, dataAddress: '192.0.2.250', vlanUplink: undefined },
  });
  const pools = [{ subnet: '10.0.0.0/16', gateway: '10.0.0.1' }];
  const span = { driver: 'xoverlay', pools, mtu: 1450, internal: false, vni: 16_777_020 };
  const network = { id: 'of no kernel', engineId: 'e1', span };
  await driver.ensure(network);
  const hex = (at: number) => at.toString(16).padStart(2, '0');
  const told = Array.from({ length: 200 }, (_, at) => {
    const member = { id: `m${at}`, hostId: 'h2', via: '192.0.2.2', names: [], up: true };
    const put = [{ ...member, ipv4: `10.0.1.${at}`, mac: `02:be:0a:00:01:${hex(at)}` }];
    return driver.members(network, { whole: false, put, drop: [] });
  });
  const endpoint = { ipv4: '10.0.2.1', mac: '02:be:0a:00:02:01' };
  await driver.join(network, { endpointId: 'feedfeedfeedfeed', endpoint });
  expect(batches.map((lines) => lines.trim().split('\n').length)).toEqual([200]);
  await Promise.all(told);
  // What is told behind something else is carried out behind it.
  const { members, remove } = driver;
  const drop = (id: string) => members(network, { whole: false, put: [], drop: [id] });
  await Promise.all([drop('m1'), remove(network), drop('m2')]);
  expect(batches.slice(1).map((lines) => lines.trim().split('\n').length)).toEqual([2]);
});
