import type { Readable } from 'node:stream';
import { type CreateBody, inspectView, listView, type SimulatedContainer } from './container.ts';
import type { EventQuery } from './event-feed.ts';
import type { SimulatedImage, SimulatedNetwork, SimulatedVolume } from './objects.ts';
import { Refusal } from './refusal.ts';
import type { World } from './world.ts';

export type Call = Readonly<{ id: string; query: URLSearchParams; body: Record<string, unknown> }>;
export type Answer = Readonly<{ status: number; json?: unknown; text?: string; stream?: Readable }>;
type Route = readonly [method: string, path: RegExp, answer: (world: World, call: Call) => Answer];

const ok = (json: unknown): Answer => ({ status: 200, json });
const done: Answer = { status: 204 };
const flag = (value: string | null) => value === '1' || value === 'true';

/** The routes that a simulated engine serves; `id` is the first group of the path. */
export const ROUTES: readonly Route[] = [
  ['GET', /^\/_ping$/, () => ({ status: 200, text: 'OK' })],
  ['HEAD', /^\/_ping$/, () => ({ status: 200, text: '' })],
  ['GET', /^\/version$/, (world) => ok(world.version())],
  ['GET', /^\/info$/, (world) => ok(world.info())],
  [
    'GET',
    /^\/events$/,
    (world, { query }) => ({ status: 200, stream: world.events.open(eventQuery(query)) }),
  ],

  ['GET', /^\/containers\/json$/, (world, { query }) => ok(listed(world, query))],
  ['POST', /^\/containers\/create$/, create],
  ['GET', /^\/containers\/([^/]+)\/json$/, (world, { id }) => ok(inspectView(world.containers.get(id)))],
  ['DELETE', /^\/containers\/([^/]+)$/, remove],
  ...containerActions(),

  ['GET', /^\/images\/json$/, (world) => ok(world.images.all().map(imageView))],
  ['POST', /^\/images\/create$/, pull],
  ['GET', /^\/images\/(.+)\/json$/, (world, { id }) => ok(imageInspect(world.images.get(id)))],
  ['DELETE', /^\/images\/(.+)$/, removeImage],

  ['GET', /^\/networks$/, (world) => ok(world.networks.all().map(networkView))],
  ['GET', /^\/networks\/([^/]+)$/, (world, { id }) => ok(networkView(world.networks.get(id)))],
  [
    'POST',
    /^\/networks\/create$/,
    (world, { body }) => ({ status: 201, json: { Id: world.networks.create(body).id, Warning: '' } }),
  ],
  [
    'DELETE',
    /^\/networks\/([^/]+)$/,
    (world, { id }) => after(() => world.networks.remove(world.networks.get(id))),
  ],

  ['GET', /^\/volumes$/, (world) => ok({ Volumes: world.volumes.all().map(volumeView), Warnings: null })],
  ['GET', /^\/volumes\/([^/]+)$/, (world, { id }) => ok(volumeView(world.volumes.get(id)))],
  [
    'POST',
    /^\/volumes\/create$/,
    (world, { body }) => ({ status: 201, json: volumeView(world.volumes.create(body)) }),
  ],
  [
    'DELETE',
    /^\/volumes\/([^/]+)$/,
    (world, { id }) => after(() => world.volumes.remove(world.volumes.get(id))),
  ],
];

function eventQuery(query: URLSearchParams): EventQuery {
  const filters = JSON.parse(query.get('filters') || '{}') as Pick<EventQuery, 'container' | 'event'>;
  return { since: query.get('since') ?? undefined, until: query.get('until') ?? undefined, ...filters };
}

/** `POST /containers/{id}/{verb}`: what each verb does; false where there was nothing to do (304). */
function containerActions(): Route[] {
  const verbs: Record<
    string,
    (world: World, container: SimulatedContainer, query: URLSearchParams) => unknown
  > = {
    start: (world, container) => world.containers.start(container),
    stop: (world, container) => world.containers.stop(container),
    restart: (world, container) => world.containers.restart(container),
    kill: (world, container, query) => world.containers.kill(container, query.get('signal') ?? 'SIGKILL'),
    pause: (world, container) => world.containers.pause(container),
    unpause: (world, container) => world.containers.unpause(container),
    rename: (world, container, query) => world.containers.rename(container, query.get('name') ?? ''),
  };
  return Object.entries(verbs).map(([verb, act]) => [
    'POST',
    new RegExp(`^/containers/([^/]+)/${verb}$`),
    (world, { id, query }) =>
      act(world, world.containers.get(id), query) === false ? { status: 304 } : done,
  ]);
}

function create(world: World, { body, query }: Call): Answer {
  const spec = body as CreateBody;
  if (typeof spec.Image !== 'string' || spec.Image === '') {
    throw new Refusal(400, 'Config cannot be empty in order to create a container');
  }
  const container = world.containers.create(spec, query.get('name') ?? '', world.images.get(spec.Image).id);
  return { status: 201, json: { Id: container.id, Warnings: [] } };
}

function remove(world: World, { id, query }: Call): Answer {
  return after(() => world.containers.remove(world.containers.get(id), flag(query.get('force'))));
}

function listed(world: World, query: URLSearchParams): unknown[] {
  const filters = JSON.parse(query.get('filters') || '{}') as { label?: string[] | Record<string, boolean> };
  const labels = Array.isArray(filters.label) ? filters.label : Object.keys(filters.label ?? {});
  return world.containers
    .all()
    .filter(({ status }) => flag(query.get('all')) || status === 'running' || status === 'paused')
    .filter(({ body }) =>
      labels.every((label) => {
        const [key = '', value] = label.split(/=(.*)/s);
        return key in (body.Labels ?? {}) && (value === undefined || body.Labels?.[key] === value);
      }),
    )
    .map(listView);
}

function pull(world: World, { query }: Call): Answer {
  const tag = query.get('tag');
  const reference = `${query.get('fromImage') ?? ''}${tag ? `:${tag}` : ''}`;
  world.images.add(reference, world.clock.now());
  return {
    status: 200,
    text: `${JSON.stringify({ status: `Status: Downloaded newer image for ${reference}` })}\r\n`,
  };
}

function removeImage(world: World, { id }: Call): Answer {
  const image = world.images.get(id);
  world.images.remove(image);
  return ok([...image.tags.map((Untagged) => ({ Untagged })), { Deleted: image.id }]);
}

function after(act: () => void): Answer {
  act();
  return done;
}

function imageView({ id, tags, created, labels }: SimulatedImage) {
  const base = { Id: id, ParentId: '', RepoTags: tags, RepoDigests: [], Labels: labels };
  return {
    ...base,
    Created: Math.floor(created / 1000),
    Size: 1_000_000,
    VirtualSize: 1_000_000,
    Containers: -1,
  };
}

function imageInspect(image: SimulatedImage) {
  return {
    ...imageView(image),
    Created: new Date(image.created).toISOString(),
    Config: { Labels: image.labels },
  };
}

function networkView({ id, name, driver, labels, options }: SimulatedNetwork) {
  return { ...options, Name: name, Id: id, Scope: 'local', Driver: driver, Labels: labels, Containers: {} };
}

function volumeView({ name, driver, labels }: SimulatedVolume) {
  return {
    Name: name,
    Driver: driver,
    Mountpoint: `/simulated/${name}`,
    Labels: labels,
    Scope: 'local',
    Options: {},
  };
}
