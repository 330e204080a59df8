import { accessSync, constants, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ClientTarget } from '../contract/client.ts';
import { BerthError } from '../kit/errors.ts';
import { type Config, findLogin, originOf } from './logins.ts';

export const DEFAULT_DATA_DIR = '/var/lib/berth';

type Env = Readonly<Record<string, string | undefined>>;

export type TargetQuestion = Readonly<{
  /** `--host` */
  host: string | undefined;
  /** `--data-dir` */
  dataDir: string | undefined;
  env: Env;
  cwd: string;
  config(): Promise<Config>;
}>;

/**
 * Where the manager is: `--host`, `BERTH_HOST`, the socket in `--data-dir` or `BERTH_DATA_DIR`, the socket in the default
 * folder, and at last the manager that this user logged in to last.
 * @throws BerthError `unauthenticated` where there is no log-in for the host, `unavailable` where there is no manager at all.
 */
export async function resolveTarget(question: TargetQuestion): Promise<ClientTarget> {
  const { env } = question;
  const host = question.host ?? (env.BERTH_HOST || undefined);
  if (host !== undefined) return remoteTarget(host, question);

  const told = question.dataDir ?? (env.BERTH_DATA_DIR || undefined);
  const socket = join(resolveDataDir(question), 'run', 'api.sock');
  if (told !== undefined || usable(socket)) return { kind: 'unix', path: socket };

  const config = await question.config();
  const login = config.current === undefined ? undefined : config.logins[config.current];
  if (login !== undefined) return { kind: 'https', url: login.host, ca: login.ca, token: login.token };
  // It is there, but is root's: the client's own error says so.
  if (existsSync(socket)) return { kind: 'unix', path: socket };
  throw new BerthError('unavailable', `no manager runs on this machine (${socket} is not there)`, {
    hint: 'start one with "berth up", or log in to another with "berth login https://host:8443"',
  });
}

/** The data directory of the manager on this machine, absolute. */
export function resolveDataDir({
  dataDir,
  env,
  cwd,
}: Pick<TargetQuestion, 'dataDir' | 'env' | 'cwd'>): string {
  return resolve(cwd, dataDir ?? (env.BERTH_DATA_DIR || DEFAULT_DATA_DIR));
}

async function remoteTarget(host: string, { env, cwd, config }: TargetQuestion): Promise<ClientTarget> {
  const found = findLogin(await config(), host);
  const url = found?.[1].host ?? originOf(host);
  if (url === undefined) {
    throw new BerthError('bad_request', `"${host}" is neither the name of a log-in nor an address`, {
      hint: 'write it as https://host:8443; "berth login" makes a name for it',
    });
  }
  const ca = env.BERTH_CA ? await readCa(resolve(cwd, env.BERTH_CA)) : found?.[1].ca;
  const token = env.BERTH_TOKEN || found?.[1].token;
  if (ca === undefined || token === undefined) {
    throw new BerthError('unauthenticated', `not logged in to ${url}`, { hint: `run "berth login ${url}"` });
  }
  return { kind: 'https', url, ca, token };
}

/** A CA's certificate from a file. @throws BerthError `bad_request` where it is not one. */
export async function readCa(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    throw new BerthError('bad_request', `cannot read the CA's certificate ${path}: ${thrown.message}`, {
      hint: 'give the path of a PEM file, such as ca.pem of "berth bundle"',
      cause: thrown,
    });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new BerthError('bad_request', `${path} holds no certificate in PEM form`, {
    hint: 'give the path of a PEM file, such as ca.pem of "berth bundle"',
  });
}

function usable(socket: string): boolean {
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
