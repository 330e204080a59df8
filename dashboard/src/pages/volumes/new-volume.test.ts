import { expect, it } from 'vitest';
import { newVolume, type VolumeDraft, volumeCli } from './new-volume.ts';

const draft = (more: Partial<VolumeDraft>): VolumeDraft => ({
  ...{
    name: ' data ',
    kind: 'local',
    host: '',
    driver: 'rexray',
    server: '10.0.0.9',
    folder: '/export/data',
  },
  ...more,
});

it('is on a host, on a file server, or of another driver', () => {
  expect(newVolume(draft({}))).toEqual({ name: 'data', driver: 'local' });
  expect(newVolume(draft({ host: 'h2' }))).toEqual({ name: 'h2/data', driver: 'local' });
  expect(newVolume(draft({ kind: 'nfs', host: 'h2' }))).toEqual({
    ...{ name: 'data', driver: 'local' },
    options: { type: 'nfs', o: 'addr=10.0.0.9,rw', device: ':/export/data' },
  });
  expect(newVolume(draft({ kind: 'other' }))).toEqual({ name: 'data', driver: 'rexray' });
});

it('is a command of docker’s', () => {
  expect(volumeCli(newVolume(draft({})))).toBe('docker volume create data');
  expect(volumeCli(newVolume(draft({ kind: 'nfs' })))).toBe(
    'docker volume create -o type=nfs -o o=addr=10.0.0.9,rw -o device=:/export/data data',
  );
  expect(volumeCli(newVolume(draft({ kind: 'other', driver: "a'b" })))).toBe(
    "docker volume create -d 'a'\\''b' data",
  );
});
