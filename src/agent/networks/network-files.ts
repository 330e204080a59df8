import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { syncFolder } from '../line-journal.ts';
import {
  type KnownMembers,
  membersSchema,
  type NetworkState,
  networkStateSchema,
} from './network-records.ts';

type Owner = Readonly<{ clusterId: string; hostId: string }>;
type Waiter = Readonly<{ resolve(): void; reject(thrown: unknown): void }>;

const STATE_FILE = 'networks.json';
const FOLDER = 'members';
/** Members change in bursts, and a connection brings all of them anew: what is on the disk may lag behind. */
const QUIET_MS = 500;
const RETRY_MS = 5_000;

/**
 * What the host must still know of its networks when the agent starts again, with or without a manager: in memory, and on
 * the disk. What nobody waits for is written at leisure, and again as long as the disk refuses it.
 */
export class NetworkFiles {
  private readonly known = new Map<string, KnownMembers>();
  private readonly dirty = new Set<string>();
  private waiting: Waiter[] = [];
  private stateDirty = false;
  /** The last write has failed. */
  private refused = false;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  private constructor(
    private readonly dir: string,
    /** Changed in place by the book, which then saves it. */
    readonly state: NetworkState,
    private readonly logger: Logger,
  ) {}

  /** Opens `dir` (made where missing). What cannot be read, or is another host's, is set aside. */
  static async open(dir: string, owner: Owner, logger: Logger): Promise<NetworkFiles> {
    await mkdir(join(dir, FOLDER), { recursive: true, mode: 0o700 });
    const read = await readRecord(join(dir, STATE_FILE), networkStateSchema, logger);
    const own = read?.clusterId === owner.clusterId && read.hostId === owner.hostId;
    const empty = { ...owner, networks: {}, endpoints: {}, pools: {}, leases: [], due: [] };
    const files = new NetworkFiles(dir, read !== undefined && own ? read : empty, logger);
    for (const name of await readdir(join(dir, FOLDER))) {
      const path = join(dir, FOLDER, name);
      const members =
        name.endsWith('.json') && own ? await readRecord(path, membersSchema, logger) : undefined;
      if (members === undefined) await rm(path, { force: true });
      else files.known.set(name.slice(0, -'.json'.length), members);
    }
    return files;
  }

  members(networkId: string): KnownMembers | undefined {
    return this.known.get(networkId);
  }

  /** All networks of which members are known. */
  withMembers(): IterableIterator<string> {
    return this.known.keys();
  }

  setMembers(networkId: string, members: KnownMembers | undefined): void {
    // An ID from elsewhere must not name a path.
    if (!/^[0-9a-z][0-9a-z_.-]{0,127}$/i.test(networkId)) return;
    if (members === undefined) this.known.delete(networkId);
    else this.known.set(networkId, members);
    this.dirty.add(networkId);
    this.later();
  }

  /** On the disk when it resolves. @throws the file system's error */
  save(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.stateDirty = true;
      this.write();
    });
  }

  /** On the disk soon. */
  saveSoon(): void {
    this.stateDirty = true;
    this.later();
  }

  /** Writes what is due, as far as the disk takes it. */
  async close(): Promise<void> {
    do {
      this.write();
      await this.writing;
    } while (this.due && !this.refused);
    clearTimeout(this.timer);
  }

  private get due(): boolean {
    return this.stateDirty || this.dirty.size > 0;
  }

  private later(ms = QUIET_MS): void {
    this.timer ??= setTimeout(() => this.write(), ms);
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0) this.write();
      // What was asked for meanwhile had no timer of its own: the write that was under way took it away.
      else if (this.due) this.later();
    });
  }

  private async writeAll(): Promise<void> {
    const waiters = this.waiting;
    this.waiting = [];
    this.refused = false;
    try {
      if (this.stateDirty) {
        this.stateDirty = false;
        await this.replace(this.dir, STATE_FILE, JSON.stringify(this.state));
        await syncFolder(this.dir);
      }
      for (const { resolve } of waiters) resolve();
      waiters.length = 0;
      for (const id of [...this.dirty]) await this.writeMembers(id);
    } catch (thrown) {
      this.refused = true;
      this.stateDirty = true;
      for (const { reject } of waiters) reject(thrown);
      this.logger.warn({ error: messageOf(thrown) }, 'networks are not on the disk yet');
      this.later(RETRY_MS);
    }
  }

  private async writeMembers(id: string): Promise<void> {
    const members = this.known.get(id);
    const folder = join(this.dir, FOLDER);
    if (members === undefined) await rm(join(folder, `${id}.json`), { force: true });
    else await this.replace(folder, `${id}.json`, JSON.stringify(members));
    if (this.known.get(id) === members) this.dirty.delete(id);
  }

  /** Written beside, flushed, then renamed over: the file is the old one or the new one, whole. */
  private async replace(folder: string, name: string, content: string): Promise<void> {
    const temporary = join(folder, `${name}.tmp`);
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  }
}

async function readRecord<T>(path: string, schema: z.ZodType<T>, logger: Logger): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    const aside = `${path}.unreadable`;
    const error = messageOf(thrown).slice(0, 300);
    logger.error({ file: path, aside, error }, 'file set aside: it cannot be read');
    await rename(path, aside).catch(() => {});
    return undefined;
  }
}
