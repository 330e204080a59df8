import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { json as readJson } from 'node:stream/consumers';
import { request } from 'undici';
import type { LocalReport, UpResult } from '../cli/local.ts';
import { dialerFor, type Engine, newDockerEngine } from '../engine/index.ts';
import { BerthError, messageOf } from '../kit/errors.ts';
import type { ManagerConfig } from './manager-config.ts';
import { packageRoot } from './package-root.ts';
import { run } from './run.ts';

const NAME = 'hello';
const IMAGE = 'berth-hello:latest';
const BASE = 'busybox:latest';
const PORT = 8080;

type Demo = Readonly<{ config: ManagerConfig; report: LocalReport<UpResult>; install: boolean }>;

/**
 * Runs the sample in `examples/hello` through the cluster's own Docker endpoint, as a user would, and waits until it
 * answers. Safe to repeat. Returns the page's URL.
 */
export async function runDemo({ config, report, install }: Demo): Promise<string> {
  const docker = newDockerEngine(dialerFor(`unix://${config.socket}`));
  try {
    if (!(await exists(docker, `/images/${IMAGE}/json`))) {
      await provideBase(docker, config, report, install);
      report.step('building the sample (docker build examples/hello)');
      await buildSample(docker);
    }
    if (!(await exists(docker, `/containers/${NAME}/json`))) {
      report.step('starting the sample');
      await docker.json('POST', `/containers/create?name=${NAME}`, {
        Image: IMAGE,
        ExposedPorts: { '8080/tcp': {} },
        HostConfig: {
          PortBindings: { '8080/tcp': [{ HostPort: '' }] },
          RestartPolicy: { Name: 'unless-stopped' },
        },
      });
    }
    await start(docker);
    const url = `http://${config.advertise}:${await publishedPort(docker)}/`;
    await untilAnswers(url);
    return url;
  } finally {
    docker.close();
  }
}

async function exists(docker: Engine, path: string): Promise<boolean> {
  const { status, body } = await docker.request({ method: 'GET', path });
  body.resume();
  return status === 200;
}

/** Starting what runs already is no error to Docker: 304. */
async function start(docker: Engine): Promise<void> {
  const { status, body } = await docker.request({ method: 'POST', path: `/containers/${NAME}/start` });
  if (status === 204 || status === 304) {
    body.resume();
    return;
  }
  const answer = (await readJson(body)) as { message?: string };
  throw new BerthError('engine', `the sample did not start: ${answer.message ?? `status ${status}`}`, {
    status,
  });
}

/** From the registry where there is one in reach, else from Debian's packages. */
async function provideBase(
  docker: Engine,
  config: ManagerConfig,
  report: Demo['report'],
  install: boolean,
): Promise<void> {
  if (await exists(docker, `/images/${BASE}/json`)) return;
  report.step(`pulling ${BASE}`);
  const refused = await pull(docker).catch(messageOf);
  if (refused === undefined) return;
  if (!install) {
    throw new BerthError(
      'unavailable',
      `${BASE} cannot be pulled (${refused}) and --no-install forbids making it from packages`,
      {
        hint: `load it with "docker -H unix://${config.socket} load -i FILE", or leave out --no-install`,
      },
    );
  }
  report.step(`no registry in reach: making ${BASE} from Debian's busybox-static`);
  const script = join(packageRoot(), 'scripts/bake-image.mjs');
  const { code, output } = await run([
    process.execPath,
    script,
    'busybox',
    '--host',
    `unix://${config.socket}`,
  ]);
  if (code !== 0) {
    throw new BerthError(
      'unavailable',
      `${BASE} could neither be pulled (${refused}) nor made: ${output.trim().split('\n').at(-1) ?? ''}`,
    );
  }
}

/** Why the pull failed, or undefined: an engine reports that inside a stream that began with status 200. */
async function pull(docker: Engine): Promise<string | undefined> {
  const { status, body } = await docker.request({
    method: 'POST',
    path: '/images/create?fromImage=busybox&tag=latest',
    signal: AbortSignal.timeout(120_000),
  });
  return failureIn(status, body);
}

async function buildSample(docker: Engine): Promise<void> {
  const tar = spawn('tar', ['--create', '--directory', join(packageRoot(), 'examples/hello'), '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { status, body } = await docker.request({
    method: 'POST',
    path: `/build?t=${IMAGE}`,
    headers: { 'content-type': 'application/x-tar' },
    body: tar.stdout,
  });
  const refused = await failureIn(status, body);
  if (refused !== undefined) throw new BerthError('engine', `the sample could not be built: ${refused}`);
}

async function failureIn(status: number, body: AsyncIterable<Buffer>): Promise<string | undefined> {
  let text = '';
  for await (const part of body) text += part.toString();
  for (const line of text.split('\n').filter((line) => line.trim().startsWith('{'))) {
    const said = JSON.parse(line) as { error?: string; message?: string };
    if (said.error !== undefined) return said.error;
    if (status >= 400) return said.message ?? `status ${status}`;
  }
  return status >= 400 ? `status ${status}` : undefined;
}

async function publishedPort(docker: Engine): Promise<string> {
  type Inspect = { NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> } };
  const { NetworkSettings } = await docker.json<Inspect>('GET', `/containers/${NAME}/json`);
  const port = NetworkSettings.Ports[`${PORT}/tcp`]?.[0]?.HostPort;
  if (port === undefined) {
    throw new BerthError('conflict', `a container named ${NAME} is there that publishes no port ${PORT}`, {
      hint: `it is not the sample: rename it, then try again`,
    });
  }
  return port;
}

async function untilAnswers(url: string): Promise<void> {
  let last = '';
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(2_000) });
      await body.dump();
      if (statusCode === 200) return;
      last = `status ${statusCode}`;
    } catch (thrown) {
      last = messageOf(thrown);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new BerthError('timeout', `the sample runs but ${url} does not answer: ${last}`, {
    hint: `see "docker logs ${NAME}"`,
  });
}
