import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageCache } from '../../scripts/bake-image.mjs';
import type { Lab } from '../lab/lab.ts';
import { until } from '../lab/run.ts';
import { program, type Running, start } from './program.ts';

const INDEX = join(import.meta.dirname, 'index-server.mjs');

/** A registry, and an index with log-in and search, beside the lab's manager; the hosts take both without TLS. */
export interface Registry {
  /** `host:port` of a registry without log-in. */
  readonly address: string;
  /** `host:port` of an index that finds `berth-*` and lets in user `ann` with the password `right`. */
  readonly index: string;
  close(): Promise<void>;
}

/** A registry alone. */
export interface DockerRegistry {
  readonly address: string;
  /** Who is let in from now on: lines of an htpasswd file, by bcrypt. */
  setUsers(lines: readonly string[]): void;
  close(): Promise<void>;
}

/** Starts both in the manager's network namespace. */
export async function startRegistry(lab: Lab): Promise<Registry> {
  const registry = await startDockerRegistry(lab);
  const { address } = lab.plan.manager;
  const index = beside(lab, [process.execPath, INDEX, address, '5001']);
  const close = async () => {
    await Promise.all([registry.close(), ended(index)]);
  };
  await answers(index, `http://${address}:5001/v1/_ping`, close);
  return { address: registry.address, index: `${address}:5001`, close };
}

/**
 * Starts Debian's registry in the manager's network namespace, without TLS.
 * @param users lines of an htpasswd file: only these are let in; everybody, if left out
 */
export async function startDockerRegistry(lab: Lab, users?: readonly string[]): Promise<DockerRegistry> {
  const binary = await registryProgram();
  const address = `${lab.plan.manager.address}:5000`;
  const folder = mkdtempSync(join(tmpdir(), 'berth-registry-'));
  const passwords = join(folder, 'htpasswd');
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: address },
    ...(users === undefined ? {} : { auth: { htpasswd: { realm: 'lab', path: passwords } } }),
  };
  const setUsers = (lines: readonly string[]) => writeFileSync(passwords, `${lines.join('\n')}\n`);
  if (users !== undefined) setUsers(users);
  const file = join(folder, 'config.yml');
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  const running = beside(lab, [binary, 'serve', file]);
  const close = async () => {
    await ended(running);
    rmSync(folder, { recursive: true, force: true });
  };
  await answers(running, `http://${address}/v2/`, close);
  return { address, setUsers, close };
}

function beside(lab: Lab, argv: readonly string[]): Running {
  return start(['nsenter', `--net=/run/netns/${lab.plan.manager.namespace}`, ...argv], {
    timeoutMs: 1_800_000,
  });
}

async function ended(running: Running): Promise<void> {
  running.kill();
  await running.ended;
}

/** @throws with what it has said, once it is closed */
async function answers(running: Running, url: string, close: () => Promise<void>): Promise<void> {
  const asked = async () => (await fetch(url).catch(() => undefined)) && true;
  try {
    await until(`an answer of ${url}`, asked, { timeoutMs: 20_000 });
  } catch (error) {
    const said = running.said.stderr.slice(-300);
    await close();
    throw new Error(`${(error as Error).message}: ${said}`);
  }
}

/** Debian's docker-registry, unpacked into the cache: nothing is installed. */
async function registryProgram(): Promise<string> {
  const folder = join(imageCache(), 'docker-registry');
  const binary = join(folder, 'usr/bin/docker-registry');
  if (existsSync(binary)) return binary;
  mkdirSync(imageCache(), { recursive: true });
  const fresh = mkdtempSync(join(imageCache(), 'docker-registry-'));
  const fetch = ['apt-get', '-qq', '-o', 'APT::Sandbox::User=root', 'download', 'docker-registry'];
  const options = { cwd: fresh, timeoutMs: 300_000 };
  await program(fetch, options).catch(async () => {
    await program(['apt-get', '-qq', 'update'], options);
    await program(fetch, options);
  });
  await program(['sh', '-c', 'dpkg-deb -x docker-registry_*.deb tree'], options);
  if (!existsSync(folder)) renameSync(join(fresh, 'tree'), folder);
  rmSync(fresh, { recursive: true, force: true });
  return binary;
}
