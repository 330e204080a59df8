import { BerthError } from '../../kit/errors.ts';
import { type CliContext, command } from '../command.ts';
import { DOCKER_MISSING, dockerEnv, localEndpoint, withBundle } from '../docker-endpoint.ts';
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
    const local = tls || user !== undefined ? undefined : await localEndpoint(cli);
    const { endpoint, change } =
      local === undefined
        ? // docker reads the files and keeps copies: they are needed for a moment only.
          await withBundle(cli, user, (bundle) => save(cli, name, { host: bundle.host, ...bundle.tls }))
        : await save(cli, name, { host: local });
    if (globals.json) {
      out.json({ name, endpoint, change });
      return;
    }
    out.line(`docker context ${name} (${clean(endpoint)}) is ${change}`);
    out.note(`use it: docker context use ${name}`);
  },
});

async function save(
  { env, cwd }: CliContext,
  name: string,
  endpoint: Readonly<Record<string, string>> & { host: string },
): Promise<{ endpoint: string; change: 'created' | 'updated' }> {
  const docker = (...args: string[]) =>
    runProgram(['docker', ...args], {
      // DOCKER_HOST would be asked otherwise, and docker warns that it wins over the context.
      env: dockerEnv(env),
      cwd,
      missing: `${DOCKER_MISSING}, or use "berth bundle"`,
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
