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

/** Starts both in the manager's network namespace. */
export async function startRegistry(lab: Lab): Promise<Registry> {
  const binary = await registryProgram();
  const { address, namespace } = lab.plan.manager;
  const folder = mkdtempSync(join(tmpdir(), 'berth-registry-'));
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: `${address}:5000` },
  };
  const file = join(folder, 'config.yml');
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  const inside = (argv: string[]) =>
    start(['nsenter', `--net=/run/netns/${namespace}`, ...argv], { timeoutMs: 1_800_000 });
  const running: Running[] = [
    inside([binary, 'serve', file]),
    inside([process.execPath, INDEX, address, '5001']),
  ];
  const registry = {
    address: `${address}:5000`,
    index: `${address}:5001`,
    close: async () => {
      for (const one of running) one.kill();
      await Promise.all(running.map(({ ended }) => ended));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const answers = async (url: string) => (await fetch(url).catch(() => undefined)) && true;
  const said = () => running.map(({ said: { stderr } }) => stderr.slice(-300)).join(' | ');
  try {
    await until('answers of the registry and the index', () => answers(`http://${registry.address}/v2/`), {
      timeoutMs: 20_000,
    });
    await until('an answer of the index', () => answers(`http://${registry.index}/v1/_ping`), {
      timeoutMs: 20_000,
    });
  } catch (error) {
    const log = said();
    await registry.close();
    throw new Error(`${(error as Error).message}: ${log}`);
  }
  return registry;
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
