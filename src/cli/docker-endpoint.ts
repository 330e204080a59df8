import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliContext } from './command.ts';

/** Where the docker CLI finds the cluster by TLS, with the paths of a client certificate. */
type TlsEndpoint = Readonly<{
  host: string;
  tls: Readonly<{ ca: string; cert: string; key: string }>;
}>;

/** What to do where the docker CLI is not installed. */
export const DOCKER_MISSING = 'install the docker CLI (Debian: docker.io or docker-cli)';

/** Where it finds it by a unix socket (`unix:///…`), where the commands go to a manager on this machine. */
export async function localEndpoint({ target, local, dataDir }: CliContext): Promise<string | undefined> {
  return (await target()).kind === 'unix' ? local.dockerEndpoint(dataDir) : undefined;
}

/** An endpoint by TLS, whose certificate is in a folder that is there while `use` runs. */
export async function withBundle<R>(
  cli: CliContext,
  user: string | undefined,
  use: (endpoint: TlsEndpoint) => Promise<R>,
): Promise<R> {
  const made = await cli.call('bundle.create', user === undefined ? {} : { user });
  const folder = await mkdtemp(join(tmpdir(), 'berth-context-'));
  try {
    const tls = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    for (const key of ['ca', 'cert', 'key'] as const) await writeFile(tls[key], made[key], { mode: 0o600 });
    return await use({ host: made.dockerHost, tls });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The docker CLI with these arguments, as an argv array; it asks the cluster that these commands go to. */
export type DockerCli = (...args: readonly string[]) => readonly string[];

/** @param use with a docker CLI that is good while it runs */
export async function withDocker<R>(cli: CliContext, use: (docker: DockerCli) => Promise<R>): Promise<R> {
  const local = await localEndpoint(cli);
  if (local !== undefined) return use((...args) => ['docker', '--host', local, ...args]);
  return withBundle(cli, undefined, ({ host, tls: { ca, cert, key } }) => {
    const tls = ['--tlsverify', '--tlscacert', ca, '--tlscert', cert, '--tlskey', key];
    return use((...args) => ['docker', '--host', host, ...tls, ...args]);
  });
}

/** Without what would have the docker CLI ask another cluster, or build elsewhere. */
export function dockerEnv(env: CliContext['env']): CliContext['env'] {
  return {
    ...env,
    ...{
      DOCKER_HOST: undefined,
      DOCKER_CONTEXT: undefined,
      DOCKER_TLS: undefined,
      DOCKER_TLS_VERIFY: undefined,
      DOCKER_CERT_PATH: undefined,
      BUILDX_BUILDER: undefined,
    },
  };
}
