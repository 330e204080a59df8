import { z } from 'zod';
import type { ContainerView } from './containers.ts';
import { lines, type RouteSpec } from './route.ts';

/**
 * A column: what each container has of one thing, in the order of `id`; a column of one value is of all of them. Only that
 * it is a list is looked at: of a hundred thousand containers, checking each value costs as much as reading it. What is in
 * it is the manager's own, made of `ContainerView`s.
 */
function column<T>() {
  return z.custom<readonly T[]>((value) => Array.isArray(value));
}

/** Containers of one host by columns: a third of what they are as objects, and a tenth of the time to read them. */
export const containerColumnsSchema = z.object({
  hostId: z.string(),
  hostName: z.string(),
  id: column<string>(),
  name: column<string>(),
  managed: column<boolean>(),
  /** An older manager does not say it. */
  router: column<boolean>().optional(),
  image: column<string>(),
  command: column<string>(),
  state: column<string>(),
  health: column<string>(),
  exitCode: column<number>(),
  createdAt: column<number>(),
  startedAt: column<number>(),
  ports: column<ContainerView['ports']>(),
  /** null: of none. */
  service: column<NonNullable<ContainerView['service']> | null>(),
});
export type ContainerColumns = z.infer<typeof containerColumnsSchema>;

export const containerColumnRoutes = {
  /** All containers, a line for each host that has some: for who shows a hundred thousand. What is told may change meanwhile. */
  'container.columns': {
    method: 'GET',
    path: '/v1/container-columns',
    role: 'viewer',
    answer: lines(containerColumnsSchema),
  },
} as const satisfies Record<string, RouteSpec>;

/** @param views of one host, by its ID and name */
export function columnsOf(
  hostId: string,
  hostName: string,
  views: readonly ContainerView[],
): ContainerColumns {
  const of = <T>(get: (view: ContainerView) => T, isSame?: (a: T, b: T) => boolean): readonly T[] =>
    packed(views.map(get), isSame);
  return {
    ...{ hostId, hostName },
    id: views.map(({ id }) => id),
    name: of(({ name }) => name),
    managed: of(({ managed }) => managed),
    router: of(({ router }) => router === true),
    image: of(({ image }) => image),
    command: of(({ command }) => command),
    state: of(({ state }) => state),
    health: of(({ health }) => health),
    exitCode: of(({ exitCode }) => exitCode),
    createdAt: of(({ createdAt }) => createdAt),
    startedAt: of(({ startedAt }) => startedAt),
    // Where some publish ports, hardly two publish the same.
    ports: of(
      ({ ports }) => ports,
      (a, b) => a.length + b.length === 0,
    ),
    service: of(
      ({ service }) => service ?? null,
      (a, b) => a?.stack === b?.stack && a?.name === b?.name,
    ),
  };
}

/** The containers again. @throws Error where a column is too short */
export function viewsOf(columns: ContainerColumns): readonly ContainerView[] {
  const { hostId, hostName, id: ids } = columns;
  const isRouter = reader(columns.router ?? [false], ids.length);
  const [name, managed, image, command, state, health, exitCode, createdAt, startedAt, ports, service] = [
    reader(columns.name, ids.length),
    reader(columns.managed, ids.length),
    reader(columns.image, ids.length),
    reader(columns.command, ids.length),
    reader(columns.state, ids.length),
    reader(columns.health, ids.length),
    reader(columns.exitCode, ids.length),
    reader(columns.createdAt, ids.length),
    reader(columns.startedAt, ids.length),
    reader(columns.ports, ids.length),
    reader(columns.service, ids.length),
  ];
  return ids.map((id, i) => {
    const own = service(i);
    return {
      ...{ id, hostId, hostName },
      name: name(i),
      managed: managed(i),
      ...(isRouter(i) ? { router: true } : {}),
      image: image(i),
      command: command(i),
      state: state(i),
      health: health(i),
      exitCode: exitCode(i),
      createdAt: createdAt(i),
      startedAt: startedAt(i),
      ports: ports(i),
      ...(own === null ? {} : { service: own }),
    };
  });
}

function packed<T>(values: readonly T[], isSame: (a: T, b: T) => boolean = (a, b) => a === b): readonly T[] {
  const [first] = values;
  return first !== undefined && values.every((value) => isSame(value, first)) ? [first] : values;
}

function reader<T>(values: readonly T[], count: number): (index: number) => T {
  if (values.length === 1) return () => values[0] as T;
  if (values.length < count) throw new Error(`a column of ${values.length} values for ${count} containers`);
  return (index) => values[index] as T;
}
