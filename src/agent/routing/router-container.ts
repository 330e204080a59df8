import type { Engine } from '../../engine/index.ts';
import { pullImage } from '../../engine/index.ts';
import { digestOf } from '../../kit/digest.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import { LABEL_CLUSTER, LABEL_ROUTER } from '../../model/labels.ts';
import { say } from '../../model/said/index.ts';
import { haproxyArgv } from '../../router/index.ts';

const NAME = 'berth-router';
/** HAProxy's folder as it sees it. */
export const FOLDER_INSIDE = '/run/berth-router';
/** Longest part of a log that is read, bytes. */
const MAX_LOG = 64 * 1024;

type Inspect = Readonly<{
  Id: string;
  Config?: { Labels?: Record<string, string> | null };
  State?: { Running?: boolean };
}>;

type RouterContainerDeps = Readonly<{
  engine: Engine;
  clusterId: string;
  /** HAProxy's folder on this machine, which is the engine's own one. */
  folder: string;
}>;

/** What the engine is asked for. HAProxy is root inside, with nothing but ports below 1024: keys are files for root only. */
export function routerSpec(image: string, { clusterId, folder }: Omit<RouterContainerDeps, 'engine'>) {
  const [program = '', ...args] = haproxyArgv(FOLDER_INSIDE);
  const mount = (path: string, readOnly: boolean) => ({
    ...{ Type: 'bind', Source: `${folder}${path}`, Target: `${FOLDER_INSIDE}${path}`, ReadOnly: readOnly },
  });
  const spec = {
    Image: image,
    Entrypoint: [program],
    Cmd: args,
    User: '0:0',
    HostConfig: {
      NetworkMode: 'host',
      // It serves while no agent runs, and after a start of the machine.
      RestartPolicy: { Name: 'always' },
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: ['NET_BIND_SERVICE'],
      SecurityOpt: ['no-new-privileges'],
      Mounts: [mount('', true), mount('/run', false)],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    },
  };
  return { ...spec, Labels: { [LABEL_CLUSTER]: clusterId, [LABEL_ROUTER]: digestOf(spec) } };
}

/** The container that HAProxy runs in on this host. */
export class RouterContainer {
  constructor(private readonly deps: RouterContainerDeps) {}

  /**
   * Runs from then on, made of that image.
   * @throws BerthError `engine` in the engine's words, also where the image is nowhere; `host_down`; `conflict` where
   *   something else has its name
   */
  async ensure(image: string, signal: AbortSignal): Promise<void> {
    const { engine } = this.deps;
    const spec = routerSpec(image, this.deps);
    let found = await this.inspect(signal);
    if (found !== undefined && found.Config?.Labels?.[LABEL_ROUTER] !== spec.Labels[LABEL_ROUTER]) {
      await this.remove(signal);
      found = undefined;
    }
    if (found?.State?.Running === true) return;
    if (found === undefined) await this.create(spec, signal);
    await engine.json('POST', `/containers/${NAME}/start`, undefined, signal);
  }

  /** Nothing where it is not there. @throws BerthError as `ensure` */
  async remove(signal: AbortSignal): Promise<void> {
    if ((await this.inspect(signal)) === undefined) return;
    try {
      await this.deps.engine.json('DELETE', `/containers/${NAME}?force=1&v=1`, undefined, signal);
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
    }
  }

  /** What HAProxy has complained of last, in a line; empty where it has not, or nobody answers. */
  async complaint(signal: AbortSignal): Promise<string> {
    try {
      const path = `/containers/${NAME}/logs?stdout=1&stderr=1&tail=20`;
      const { body } = await this.deps.engine.request({ method: 'GET', path, signal });
      let text = '';
      for await (const chunk of body as AsyncIterable<Buffer>)
        if (text.length < MAX_LOG) text += chunk.toString('latin1');
      return complaintIn(text);
    } catch {
      return '';
    }
  }

  private async create(spec: ReturnType<typeof routerSpec>, signal: AbortSignal): Promise<void> {
    const { engine } = this.deps;
    const make = () => engine.json('POST', `/containers/create?name=${NAME}`, spec, signal);
    try {
      await make();
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      await this.pull(spec.Image, signal).catch((cause: unknown) => {
        throw new BerthError(
          'engine',
          say('hosts.router.image', { image: spec.Image, reason: messageOf(cause) }),
          { status: 500, cause },
        );
      });
      await make();
    }
  }

  private async pull(image: string, signal: AbortSignal): Promise<void> {
    const path = `/images/create?${new URLSearchParams({ fromImage: withTag(image) })}`;
    for await (const { value } of pullImage(this.deps.engine, path, signal)) {
      const { error } = value as { error?: unknown };
      if (typeof error === 'string') throw new BerthError('engine', error, { status: 500 });
    }
  }

  /** @throws BerthError `conflict` where it is somebody else's */
  private async inspect(signal: AbortSignal): Promise<Inspect | undefined> {
    const { engine, clusterId } = this.deps;
    try {
      const found = await engine.json<Inspect>('GET', `/containers/${NAME}/json`, undefined, signal);
      const labels = found.Config?.Labels ?? {};
      if (labels[LABEL_CLUSTER] === clusterId && labels[LABEL_ROUTER] !== undefined) return found;
      throw new BerthError('conflict', say('hosts.router.taken', { name: NAME }), {
        hint: `rename it on this host: "docker rename ${NAME} OTHER"`,
      });
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw thrown;
    }
  }
}

/** The last alert in a log of HAProxy's that has come from an engine, without what stands before it. */
export function complaintIn(log: string): string {
  const alerts = [...log.matchAll(/\[ALERT\]\s+\(\d+\)\s*:\s*([^\n]*)/g)].map(([, said = '']) => said.trim());
  const told = alerts.filter(
    (said) => !/^(?:Current worker|exit-on-failure|Fatal errors|\[haproxy)/.test(said),
  );
  return (told.at(-1) ?? alerts.at(-1) ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 500);
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof BerthError && thrown.status === 404;
}

/** Without a tag engines pull all tags of a repository. */
function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || image.includes('@') ? image : `${image}:latest`;
}
