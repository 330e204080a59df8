import { z } from 'zod';
import type { Engine } from '../engine/index.ts';
import { BerthError } from '../kit/errors.ts';
import { withSignal } from '../kit/linked-signal.ts';
import type { EngineInfo } from '../model/host.ts';
import type { Observed } from './catalog.ts';
import {
  engineInfo,
  type Inspect,
  imagesSchema,
  inspectSchema,
  networksSchema,
  observedImage,
  observedNetwork,
  observedVolume,
  volumesSchema,
} from './observe.ts';

const LIST_MS = 30_000;
const INSPECT_MS = 10_000;

const rootSchema = z.looseObject({ DockerRootDir: z.string().min(1) });

const listEntrySchema = z.looseObject({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  Image: z.string().default(''),
  ImageID: z.string().default(''),
  Command: z.string().default(''),
  Created: z.number().default(0),
  State: z.string(),
  Labels: z.record(z.string(), z.string()).nullish(),
  HostConfig: z.unknown(),
  NetworkSettings: z.looseObject({ Networks: z.unknown() }).nullish(),
  Mounts: z.unknown(),
});
export type ListEntry = z.infer<typeof listEntrySchema>;

/** Asks an engine for what it has. Answers that are not a Docker Engine's are `engine` errors with status 502. */
export class Listing {
  constructor(
    private readonly engine: Engine,
    private readonly signal: AbortSignal,
  ) {}

  /** Where the engine keeps its data, as it has said last. */
  dockerRoot: string | undefined;

  async info(): Promise<EngineInfo> {
    const [info, version] = await Promise.all([this.get('/info'), this.get('/version')]);
    this.dockerRoot = rootSchema.safeParse(info).data?.DockerRootDir;
    return checked('/info', () => engineInfo(info, version));
  }

  async containers(): Promise<ListEntry[]> {
    const list = await this.get('/containers/json?all=1');
    return checked('/containers/json', () => z.array(listEntrySchema).parse(list));
  }

  /** Undefined where there is no such container. */
  async inspect(id: string): Promise<Inspect | undefined> {
    const path = `/containers/${encodeURIComponent(id)}/json`;
    const answer = await this.get(path, INSPECT_MS).catch((thrown) => {
      if (isStatus(thrown, 404)) return undefined;
      throw thrown;
    });
    if (answer === undefined) return undefined;
    const inspect = checked(path, () => inspectSchema.parse(answer));
    if (!inspect.Id.startsWith(id))
      throw new BerthError('engine', `the answer to ${path} is of another container (${inspect.Id})`, {
        status: 502,
      });
    return inspect;
  }

  /** The labels that an image gives to its containers; none where there is no such image. */
  async imageLabels(imageId: string): Promise<Readonly<Record<string, string>>> {
    const path = `/images/${encodeURIComponent(imageId)}/json`;
    const answer = await this.get(path).catch((thrown) => {
      if (isStatus(thrown, 404)) return {};
      throw thrown;
    });
    const schema = z.looseObject({
      Config: z.looseObject({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
    });
    return checked(path, () => schema.parse(answer)).Config?.Labels ?? {};
  }

  readonly objects: {
    readonly [K in Exclude<keyof Observed, 'containers'>]: (hostId: string) => Promise<Observed[K][]>;
  } = {
    images: async (hostId) => {
      const list = await this.get('/images/json');
      return checked('/images/json', () => imagesSchema.parse(list ?? [])).map((raw) =>
        observedImage(raw, hostId),
      );
    },
    networks: async (hostId) => {
      const list = await this.get('/networks');
      return checked('/networks', () => networksSchema.parse(list ?? [])).map((raw) =>
        observedNetwork(raw, hostId),
      );
    },
    volumes: async (hostId) => {
      const list = await this.get('/volumes');
      return checked('/volumes', () => volumesSchema.parse(list ?? {})).map((raw) =>
        observedVolume(raw, hostId),
      );
    },
  };

  async ping(timeoutMs: number): Promise<void> {
    await withSignal([this.signal], timeoutMs, async (signal) => {
      const answer = await this.engine.request({ method: 'GET', path: '/_ping', signal });
      answer.body.on('error', () => undefined).resume();
      if (answer.status !== 200) {
        throw new BerthError('host_down', `the Docker Engine answers pings with ${answer.status}`);
      }
    });
  }

  private async get(path: string, timeoutMs = LIST_MS): Promise<unknown> {
    try {
      return await withSignal([this.signal], timeoutMs, (signal) =>
        this.engine.json('GET', path, undefined, signal),
      );
    } catch (thrown) {
      throw isTimeout(thrown) ? noAnswerWithin(path, timeoutMs) : thrown;
    }
  }
}

/** What a list entry tells of a container whose inspection hangs: no exit code, no reservation. */
export function inspectFromList(entry: ListEntry): Inspect {
  return inspectSchema.parse({
    Id: entry.Id,
    Created: new Date(entry.Created * 1000).toISOString(),
    Path: entry.Command,
    State: { Status: entry.State, ExitCode: 0 },
    Image: entry.ImageID,
    Name: entry.Names?.[0] ?? entry.Id,
    Mounts: entry.Mounts,
    HostConfig: entry.HostConfig ?? {},
    Config: { Image: entry.Image, Labels: entry.Labels },
    NetworkSettings: { Networks: entry.NetworkSettings?.Networks },
  });
}

export function isStatus(thrown: unknown, status: number): boolean {
  return thrown instanceof BerthError && thrown.code === 'engine' && thrown.status === status;
}

export function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TimeoutError';
}

export function noAnswerWithin(what: string, timeoutMs: number): BerthError {
  return new BerthError('host_down', `the Docker Engine did not answer ${what} within ${timeoutMs / 1000} s`);
}

/** What `parse` gives. @throws BerthError `engine`, status 502, where the answer is not a Docker Engine's */
export function checked<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError)) throw thrown;
    const issue = thrown.issues[0];
    const where = issue === undefined ? '' : ` (${issue.path.join('.') || 'the answer'}: ${issue.message})`;
    throw new BerthError('engine', `the answer to ${path} is not a Docker Engine's${where}`, {
      status: 502,
      cause: thrown,
    });
  }
}
