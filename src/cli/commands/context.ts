import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BerthError } from '../../kit/errors.ts';
import { type CliContext, command } from '../command.ts';
import { runProgram } from '../run-program.ts';
import { clean } from '../terminal/text.ts';

type Flags = { name?: string; user?: string; tls?: boolean };

export const context = command<Flags>({
  name: 'context',
  heading: 'Access:',
  summary: 'Make a docker context for the cluster, or renew it',
  details:
    "On the manager's own machine the context uses its unix socket; elsewhere, and with --tls or --user, TLS with a client " +
    'certificate, which docker keeps in its own store.',
  options: [
    { flags: '--name <NAME>', summary: 'name of the context', fallback: 'berth' },
    { flags: '--user <USER>', summary: 'whom it stands for; only an admin may name another' },
    { flags: '--tls', summary: "TLS also on the manager's own machine" },
  ],
  examples: [
    ['berth context && docker context use berth', 'every docker command goes to the cluster from now on'],
  ],
  async run(cli, { name = 'berth', user, tls }) {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/.test(name)) {
      throw new BerthError('bad_request', `--name: "${name}" is not a name for a docker context`, {
        hint: 'use two or more letters, digits and . _ + -, beginning with a letter or digit',
      });
    }
    const { out, globals } = cli;
    const socket = tls || user !== undefined ? undefined : await localEndpoint(cli);
    const { endpoint, change } =
      socket === undefined ? await withBundle(cli, name, user) : await save(cli, name, { host: socket });
    if (globals.json) {
      out.json({ name, endpoint, change });
      return;
    }
    out.line(`docker context ${name} (${clean(endpoint)}) is ${change}`);
    out.note(`use it: docker context use ${name}`);
  },
});

/** Only where the commands go to a manager on this machine. */
async function localEndpoint({ target, local, dataDir }: CliContext): Promise<string | undefined> {
  return (await target()).kind === 'unix' ? local.dockerEndpoint(dataDir) : undefined;
}

async function withBundle(cli: CliContext, name: string, user: string | undefined) {
  const made = await cli.call('bundle.create', user === undefined ? {} : { user });
  // docker reads the files and keeps copies: they are needed for a moment only.
  const folder = await mkdtemp(join(tmpdir(), 'berth-context-'));
  try {
    const files = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const;
    for (const [key, file] of Object.entries(files) as [keyof typeof files, string][]) {
      await writeFile(join(folder, file), made[key], { mode: 0o600 });
    }
    return await save(cli, name, {
      host: made.dockerHost,
      ca: join(folder, files.ca),
      cert: join(folder, files.cert),
      key: join(folder, files.key),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function save(
  { env, cwd }: CliContext,
  name: string,
  endpoint: Readonly<Record<string, string>> & { host: string },
): Promise<{ endpoint: string; change: 'created' | 'updated' }> {
  const docker = (...args: string[]) =>
    runProgram(['docker', ...args], {
      // DOCKER_HOST would be asked otherwise, and docker warns that it wins over the context.
      env: { ...env, DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined },
      cwd,
      missing: 'install the docker CLI (Debian: docker.io or docker-cli), or use "berth bundle"',
    });
  const known = (await docker('context', 'inspect', name)).code === 0;
  const { code, output } = await docker(
    'context',
    known ? 'update' : 'create',
    name,
    '--description',
    'Berth: all hosts of the cluster',
    '--docker',
    csv(Object.entries(endpoint).map(([key, value]) => `${key}=${value}`)),
  );
  if (code === 0) return { endpoint: endpoint.host, change: known ? 'updated' : 'created' };
  const why = output.trim().split('\n').at(-1) || `exit code ${code}`;
  throw new BerthError('engine', `docker could not save the context "${name}": ${why}`, {
    hint: 'try "berth bundle" instead',
  });
}

/** docker reads `--docker` as one record of CSV (RFC 4180). */
function csv(fields: readonly string[]): string {
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
