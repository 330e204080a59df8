import { z } from 'zod';
import { pullImage } from '../engine/index.ts';
import { BerthError } from '../kit/errors.ts';
import { withSignal } from '../kit/linked-signal.ts';
import { LABEL_CLUSTER, LABEL_ID } from '../model/labels.ts';
import type { HostFiles } from './files/host-files.ts';
import { checked, isStatus } from './listing.ts';
import { connectNetwork, disconnectNetwork, ensureNetwork } from './network-steps.ts';
import type { StepArguments } from './step.ts';
import { call, exists, ignore, marked, QUICK_MS, type StepContext } from './step-context.ts';

type Executors = {
  readonly [K in keyof StepArguments]: (context: StepContext, step: StepArguments[K]) => Promise<void>;
};

const PULL_MS = 30 * 60_000;
const CREATE_MS = 300_000;
const START_MS = 180_000;
/** Docker's own, where neither the request nor the container says otherwise. */
const DEFAULT_STOP_S = 10;
/** What is read of the answer to a create. */
const madeSchema = z.looseObject({ Id: z.string().min(1), Warnings: z.array(z.string()).nullish() });
const foundSchema = z.array(z.looseObject({ Id: z.string().min(1), State: z.string() }));

const CLAIM_TRIES = 20;
const CLAIM_WAIT_MS = 500;

/** How each step is carried out. What was done already is no error. */
export const EXECUTORS: Executors = {
  'ensure-network': ensureNetwork,
  'connect-network': connectNetwork,
  'disconnect-network': disconnectNetwork,

  'ensure-image': (context, { image, platform }) =>
    context.exclusive(`image ${image}`, async () => {
      if (await exists(context, `/images/${encodeURIComponent(image)}/json`)) return;
      // An ID has no registry: the create says what is missing.
      if (/^(sha256:)?[0-9a-f]{12,64}$/.test(image)) return;
      await pull(context, image, platform);
    }),

  'ensure-volume': async (context, { need }) => {
    if (await exists(context, `/volumes/${encodeURIComponent(need.spec.Name)}`)) return;
    const body = { ...need.spec, Labels: marked(context, need.spec.Labels, need.spec.Name) };
    await call(context, QUICK_MS, 'POST', `${context.prefix}/volumes/create`, body);
  },

  'place-files': async (context, { id, files }) => {
    await theFiles(context).place(id, files, context.signal);
  },

  create: async (context, { assignment }) => {
    if (context.mayExist) {
      context.engineId = await labelled(context);
      if (context.engineId !== undefined) return;
    }
    const { platform } = assignment.desired;
    const query = new URLSearchParams({
      name: context.name,
      ...(platform === undefined ? {} : { platform }),
    });
    const path = `${context.prefix}/containers/create?${query}`;
    const body = context.body(assignment);
    for (let tries = 1; ; tries++) {
      try {
        const answer = await call(context, CREATE_MS, 'POST', path, body);
        const made = checked('/containers/create', () => madeSchema.parse(answer));
        context.engineId = made.Id;
        context.warnings = made.Warnings ?? [];
        return;
      } catch (thrown) {
        if (!isStatus(thrown, 409)) throw thrown;
        context.engineId = await labelled(context);
        if (context.engineId !== undefined) return;
        // Somebody's container has the name, or one that the engine is still making for an earlier attempt has.
        const taken = await exists(context, `/containers/${encodeURIComponent(context.name)}/json`);
        if (taken || !context.mayExist || tries === CLAIM_TRIES) throw thrown;
        await context.clock.sleep(CLAIM_WAIT_MS, context.signal);
      }
    }
  },

  rename: async (context, { name }) => {
    try {
      await act(context, QUICK_MS, 'rename', { name });
    } catch (thrown) {
      // In use by another container, or done by somebody at this moment; the container is what it should be but for this.
      if (!(thrown instanceof BerthError) || thrown.code !== 'engine' || thrown.status === 502) throw thrown;
      context.logger.warn({ container: context.id, name, error: thrown.message }, 'could not rename');
    }
  },

  start: async (context) => {
    await act(context, START_MS, 'start');
  },
  stop: async (context, { timeout, signal }) => {
    await act(context, stopTime(timeout), 'stop', { t: timeout, signal });
  },
  restart: async (context, { timeout, signal }) => {
    await act(context, stopTime(timeout) + START_MS, 'restart', { t: timeout, signal });
  },
  pause: async (context) => {
    await act(context, QUICK_MS, 'pause');
  },
  unpause: async (context) => {
    await act(context, QUICK_MS, 'unpause');
  },

  remove: async (context, { force, volumes }) => {
    const query = new URLSearchParams({ ...(force ? { force: '1' } : {}), ...(volumes ? { v: '1' } : {}) });
    const path = `/containers/${context.engineId}`;
    await call(context, START_MS, 'DELETE', `${path}?${query}`).catch(ignore(404, removalInProgress));
    for (let tries = 1; await exists(context, `${path}/json`); tries++) {
      if (tries === CLAIM_TRIES)
        throw new BerthError('engine', 'the removal of the container does not end', { status: 500 });
      await context.clock.sleep(CLAIM_WAIT_MS, context.signal);
    }
    await context.files?.drop(context.id);
  },
};

/** @throws BerthError `engine` where this host has none, as its engine is on another machine */
function theFiles({ files }: StepContext): HostFiles {
  if (files !== undefined) return files;
  throw new BerthError(
    'engine',
    'its Docker Engine is on another machine than its agent: no secrets can be put there',
    {
      status: 409,
    },
  );
}

/** @throws BerthError `engine` in the engine's words where the image cannot be had */
async function pull(context: StepContext, image: string, platform: string | undefined): Promise<void> {
  const tagged = image.includes('@') || /:[^/]*$/.test(image);
  const query = new URLSearchParams({
    fromImage: tagged ? image : `${image}:latest`,
    ...(platform === undefined ? {} : { platform }),
  });
  context.logger.info({ container: context.id, image }, 'pulling');
  await withSignal([context.signal], PULL_MS, async (signal) => {
    const progress = pullImage(context.engine, `${context.prefix}/images/create?${query}`, signal);
    for await (const { value } of progress) {
      const { error } = value as { error?: unknown };
      // The answer had begun with 200 by then.
      if (typeof error === 'string') throw new BerthError('engine', error, { status: 404 });
    }
  });
}

async function act(
  context: StepContext,
  timeoutMs: number,
  verb: string,
  parameters: Readonly<Record<string, string | number | undefined>> = {},
): Promise<void> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters))
    if (value !== undefined) query.set(key, String(value));
  const path = `/containers/${context.engineId}/${verb}`;
  await call(context, timeoutMs, 'POST', query.size === 0 ? path : `${path}?${query}`);
}

/** How long a stop may take, in milliseconds: a container's own StopTimeout may be long, and -1 waits for ever. */
function stopTime(timeout: number | undefined): number {
  if (timeout === undefined) return 15 * 60_000;
  return timeout < 0 ? 24 * 3_600_000 : (Math.max(timeout, DEFAULT_STOP_S) + 60) * 1000;
}

/** The engine's container that carries the cluster ID, if there is one. */
async function labelled(context: StepContext): Promise<string | undefined> {
  const label = [`${LABEL_ID}=${context.id}`, `${LABEL_CLUSTER}=${context.cluster}`];
  const filters = encodeURIComponent(JSON.stringify({ label }));
  const answer = await call(context, QUICK_MS, 'GET', `/containers/json?all=1&filters=${filters}`);
  const found = checked('/containers/json', () => foundSchema.parse(answer));
  return (found.find(({ State }) => State === 'running') ?? found[0])?.Id;
}

function removalInProgress(thrown: unknown): boolean {
  return isStatus(thrown, 409) && thrown instanceof Error && /already in progress/.test(thrown.message);
}
