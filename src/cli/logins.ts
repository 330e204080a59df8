import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { BerthError, messageOf } from '../kit/errors.ts';

/** What is kept of one manager. The CA is pinned: nothing else is trusted for this host. */
const loginSchema = z.object({
  /** `https://host:8443` */
  host: z.string(),
  /** PEM. */
  ca: z.string(),
  token: z.string(),
  /** Whom the token stands for, for messages. */
  user: z.string().optional(),
  /** True for an API token that was given: logging out forgets it, and does not end it. */
  given: z.boolean().optional(),
});
export type Login = Readonly<z.infer<typeof loginSchema>>;

/** Unknown fields are kept: an older program must not lose what a newer one wrote. */
const configSchema = z.looseObject({
  /** Name of the login that is taken where neither `--host` nor a local manager is there. */
  current: z.string().optional(),
  logins: z.record(z.string(), loginSchema).default({}),
});
export type Config = Readonly<z.infer<typeof configSchema>>;

export function configPath(homeDir: string): string {
  return join(homeDir, '.berth', 'config.json');
}

/** The logins of this user; none where the file is not there yet. @throws BerthError `internal` where it is broken. */
export async function readConfig(path: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { logins: {} };
    throw new BerthError('internal', `cannot read ${path}: ${(thrown as Error).message}`, { cause: thrown });
  }
  let parsed: z.ZodSafeParseResult<Config>;
  try {
    parsed = configSchema.safeParse(JSON.parse(text));
  } catch (thrown) {
    throw broken(path, thrown);
  }
  if (!parsed.success) throw broken(path, parsed.error);
  return parsed.data;
}

function broken(path: string, cause: unknown): BerthError {
  return new BerthError('internal', `${path} is not a configuration of berth`, {
    hint: 'move it away, then log in again (berth login https://host:8443)',
    cause,
  });
}

/**
 * Writes it for this user only, whole or not at all: a crash in the middle leaves the old file. The draft has a name of
 * its own, so that two logins at once never write into one file; the later one wins.
 */
export async function writeConfig(path: string, config: Config): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((thrown) => {
    throw cannotWrite(path, thrown);
  });
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(config, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (thrown) {
    await rm(draft, { force: true });
    throw cannotWrite(path, thrown);
  }
}

function cannotWrite(path: string, cause: unknown): BerthError {
  return new BerthError('internal', `cannot write ${path}: ${messageOf(cause)}`, {
    hint: 'set HOME to a folder that you may write to; or do without a log-in (BERTH_HOST, BERTH_TOKEN, BERTH_CA)',
    cause,
  });
}

/** The login that `name` means: its name, or its address. */
export function findLogin(config: Config, name: string): readonly [name: string, login: Login] | undefined {
  const byName = config.logins[name];
  if (byName !== undefined && Object.hasOwn(config.logins, name)) return [name, byName];
  const origin = originOf(name);
  return Object.entries(config.logins).find(([, login]) => login.host === origin);
}

const DEFAULT_PORT = 8443;

/** `https://host:port` of what a user writes: `host`, `host:8443`, `https://host/`. Undefined where it is no address. */
export function originOf(text: string): string | undefined {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  if (url.protocol !== 'https:' || url.hostname === '') return undefined;
  // URL drops ":443", the default of https; Berth's own is another.
  const port = url.port || (/:443\/?$/.test(withScheme) ? '443' : String(DEFAULT_PORT));
  return `https://${url.hostname}:${port}`;
}
