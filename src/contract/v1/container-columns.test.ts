import fc from 'fast-check';
import { expect, it } from 'vitest';
import { columnsOf, containerColumnsSchema, viewsOf } from './container-columns.ts';
import type { ContainerView } from './containers.ts';

const few = (...values: string[]) => fc.constantFrom(...values);
const port = fc.record({ privatePort: fc.nat(65_535), type: fc.constantFrom('tcp', 'udp') });
const view = fc
  .record({
    ...{
      id: fc.string(),
      name: fc.string(),
      managed: fc.boolean(),
      image: few('a', 'b'),
      command: few('', 'x'),
    },
    ...{ state: few('running', 'exited'), health: few('none', 'healthy'), exitCode: fc.nat(1) },
    ...{ createdAt: fc.nat(), startedAt: fc.nat(2), ports: fc.array(port, { maxLength: 2 }) },
    service: fc.option(fc.record({ stack: few('s'), name: few('web', 'db') })),
    router: fc.boolean(),
  })
  .map(({ service, router, ...rest }) => ({
    ...rest,
    ...{ hostId: 'h-1', hostName: 'h1' },
    ...(service === null ? {} : { service }),
    ...(router ? { router } : {}),
  }));

it('gives the containers back as they were', () => {
  fc.assert(
    fc.property(fc.array(view, { maxLength: 8 }), (views) => {
      const sent = JSON.parse(JSON.stringify(columnsOf('h-1', 'h1', views as ContainerView[])));
      expect(viewsOf(containerColumnsSchema.parse(sent))).toEqual(views);
    }),
  );
});

it('says once what all of them have, and refuses what is no column, or too short', () => {
  const views = [1, 2, 3].map((n) => ({ ...sample, id: `c${n}`, name: `n${n}` }));
  const columns = columnsOf('h-1', 'h1', views);
  expect(columns).toMatchObject({
    image: ['busybox'],
    ports: [[]],
    service: [null],
    name: ['n1', 'n2', 'n3'],
  });
  expect(containerColumnsSchema.safeParse({ ...columns, image: 'busybox' }).success).toBe(false);
  expect(() => viewsOf({ ...columns, name: ['n1', 'n2'] })).toThrow('a column of 2 values for 3 containers');
});

const sample: ContainerView = {
  ...{ id: 'c1', name: 'n1', managed: true, hostId: 'h-1', hostName: 'h1', image: 'busybox', command: '' },
  ...{ state: 'running', health: 'none', exitCode: 0, createdAt: 1, startedAt: 1, ports: [] },
};
