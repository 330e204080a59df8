import { expect, it } from 'vitest';
import { NO_PLACE, placeCli, placeQuestion, placesOf, placesOnMap } from './place-question.ts';

const asked = {
  ...{ image: 'registry.example.com/shop/web:2', count: 6, cpus: 0.5, memory: 512 },
  constraints: 'rack==r1, disk!=hdd',
};

it('asks as docker run would, and says it as a command', () => {
  expect(placeQuestion(asked)).toEqual({
    ...{ name: 'web', count: 6 },
    spec: {
      Image: 'registry.example.com/shop/web:2',
      Env: ['constraint:rack==r1', 'constraint:disk!=hdd'],
      HostConfig: { NanoCpus: 500_000_000, Memory: 512 * 1024 ** 2 },
    },
  });
  expect(placeCli(asked)).toBe(
    'berth plan registry.example.com/shop/web:2 --count 6 --cpus 0.5 --memory 512m' +
      " -e constraint:rack==r1 -e 'constraint:disk!=hdd'",
  );
  expect(placeQuestion({ ...NO_PLACE, image: 'nginx' })).toEqual({
    ...{ name: 'nginx', count: 1, spec: { Image: 'nginx' } },
  });
});

it('counts what comes to each host, and what comes to none', () => {
  const plan = {
    placements: [
      { name: 'web-1', hostId: 'a', hostName: 'h1' },
      { name: 'web-2', hostId: 'b', hostName: 'h2' },
      { name: 'web-3', hostId: 'b', hostName: 'h2' },
      { name: 'web-4', refusal: 'no host fits web: 2 hosts: not enough memory' },
    ],
    hosts: [],
  };
  expect(placesOf(plan)).toEqual({
    hosts: [
      { host: 'h2', count: 2 },
      { host: 'h1', count: 1 },
    ],
    ...{ nowhere: 1, why: 'no host fits web: 2 hosts: not enough memory' },
  });
  expect([...placesOnMap(plan).coming]).toEqual([
    ['h2', 2],
    ['h1', 1],
  ]);
});
