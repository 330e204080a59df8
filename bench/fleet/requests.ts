import { Pool } from 'undici';
import type { Run } from '../benchmark.ts';
import { atOnce } from '../stats.ts';

/** Requests to a Docker endpoint on a unix socket. */
export class DockerSocket {
  private readonly pool: Pool;

  /** @param width connections */
  constructor(run: Run, socketPath: string, width: number) {
    this.pool = new Pool('http://docker', {
      ...{ socketPath, connections: width, pipelining: 1 },
      ...{ headersTimeout: 120_000, bodyTimeout: 120_000 },
    });
    run.defer(() => this.pool.destroy());
  }

  /** The answer's text. @throws Error with the endpoint's words where it refused */
  async call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<string> {
    const answer = await this.pool.request({
      ...{ method, path },
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.trim()}`);
    return text;
  }
}

/** A container as people make them: labels, a limit, a command. */
export function containerSpec(i: number) {
  return {
    Image: 'busybox',
    Cmd: ['sleep', '1000000'],
    Env: ['STAGE=test', `NUMBER=${i}`],
    Labels: { 'berth.service': `service${i % 100}`, team: `team${i % 7}` },
    HostConfig: { Memory: 64 * 1024 ** 2, RestartPolicy: { Name: 'always' } },
  };
}

/** Creates and starts containers; the IDs, in no order. The start's answer says that the container runs. */
export async function createAll(
  docker: DockerSocket,
  count: number,
  width: number,
  onRunning: (done: number) => void,
): Promise<string[]> {
  const ids: string[] = [];
  await atOnce(count, width, async (i) => {
    const made = await docker.call('POST', `/v1.41/containers/create?name=c${i}`, containerSpec(i));
    const { Id } = JSON.parse(made) as { Id: string };
    await docker.call('POST', `/v1.41/containers/${Id}/start`);
    ids.push(Id);
    onRunning(ids.length);
  });
  return ids;
}
