import { expect, it } from 'vitest';
import type { Stack, StackVolume } from './stack.ts';
import { heldBy, isOnEachHost, scopeProblem, spansHosts } from './volume-span.ts';

it.each<[what: string, spec: Record<string, unknown>, spans: boolean]>([
  ['nothing said', {}, false],
  ['the engine’s own driver', { Driver: 'local' }, false],
  ['a disk of the host', { DriverOpts: { type: 'ext4', device: '/dev/sdb' } }, false],
  ['memory', { DriverOpts: { type: 'tmpfs', device: 'tmpfs' } }, false],
  ['options that are none', { DriverOpts: 'nfs' }, false],
  ['NFS', { DriverOpts: { type: 'nfs', o: 'addr=10.0.0.1,rw', device: ':/export' } }, true],
  ['NFS 4', { Driver: '', DriverOpts: { type: 'NFS4' } }, true],
  ['a Windows share', { DriverOpts: { type: 'cifs' } }, true],
  ['sshfs by FUSE', { DriverOpts: { type: 'fuse.sshfs' } }, true],
  ['a plugin', { Driver: 'vieux/sshfs' }, true],
  ['a plugin that keeps it on its host', { Driver: 'lvm', Labels: { 'berth.volume.scope': 'host' } }, false],
  ['a folder that all hosts have', { Labels: { 'berth.volume.scope': 'cluster' } }, true],
])('says of a volume by %s whether it is on all hosts', (_, spec, spans) => {
  expect(spansHosts({ spec })).toBe(spans);
  expect(spansHosts({ spec, onEachHost: true })).toBe(true);
});

it('refuses another word in the label', () => {
  const said = (scope: string) => scopeProblem({ Labels: { 'berth.volume.scope': scope } });
  expect([said('host'), said('cluster'), scopeProblem({})]).toEqual([undefined, undefined, undefined]);
  expect(said('all')).toBe('label berth.volume.scope is "all", and must be host or cluster');
});

it('says which services a volume holds to its host', () => {
  const service = (name: string, kind: string, volume: string) => ({
    ...{ name, scale: { kind } },
    container: { Image: 'x', HostConfig: { Binds: [`shop_${volume}:/data`, '/srv:/srv'] } },
  });
  const services = [
    service('web', 'replicated', 'data'),
    service('agent', 'global', 'data'),
    service('log', 'global', 'own'),
  ];
  const stack = { services } as unknown as Stack;
  const volume = (key: string, spec: object = {}): StackVolume => ({
    ...{ kind: 'stack-volume', key, external: false, spec: { Name: `shop_${key}`, ...spec } },
  });
  expect(heldBy(stack, volume('data'))).toEqual(['web', 'agent']);
  expect(heldBy(stack, volume('data', { Driver: 'plugin' }))).toEqual([]);
  expect(heldBy(stack, volume('own'))).toEqual([]);
  expect(heldBy(stack, volume('none'))).toEqual([]);
  expect([isOnEachHost(stack, volume('own')), isOnEachHost(stack, volume('none'))]).toEqual([true, false]);
});
