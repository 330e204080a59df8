import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Member } from '../../model/span.ts';
import type { MembersChange } from '../../network/index.ts';
import { syncFolder } from '../line-journal.ts';
import { replaceFile } from '../replace-file.ts';
import { changeMembers } from './member-lists.ts';
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
const QUIET_MS = 500;
/**
 * Members change with every container of the cluster that shares a network with this host, and a connection brings all of
 * them anew: what is on the disk may lag behind by that.
 */
const MEMBERS_MS = 15_000;
const RETRY_MS = 5_000;

/**
 * What the host must still know of its networks when the agent starts again, with or without a manager: in memory, and on
 * the disk. What nobody waits for is written at leisure, and again as long as the disk refuses it.
 */
export class NetworkFiles {
  private readonly known = new Map<string, KnownMembers & { readonly members: Map<string, Member> }>();
  private readonly dirty = new Set<string>();
  private waiting: Waiter[] = [];
  private stateDirty = false;
  /** The last write has failed. */
  private refused = false;
  private timer: NodeJS.Timeout | undefined;
  private membersTimer: NodeJS.Timeout | undefined;
  /** Those that are `dirty` are to be written now. */
  private membersDue = false;
  /** Monotonic milliseconds. */
  private membersWritten = Number.NEGATIVE_INFINITY;
  private writing: Promise<void> | undefined;

  private constructor(
    /** Where all of it is. */
    readonly dir: string,
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
      else files.known.set(name.slice(0, -'.json'.length), { ...members, members: byId(members.members) });
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

  changeMembers(
    network: Readonly<{ id: string; name: string; internal: boolean }>,
    change: MembersChange,
  ): void {
    const { id, name, internal } = network;
    // An ID from elsewhere must not name a path.
    if (!/^[0-9a-z][0-9a-z_.-]{0,127}$/i.test(id)) return;
    const members = this.known.get(id)?.members ?? new Map<string, Member>();
    changeMembers(members, change);
    this.known.set(id, { name, internal, members });
    this.dirty.add(id);
    this.membersLater();
  }

  forgetMembers(networkId: string): void {
    if (!this.known.delete(networkId)) return;
    this.dirty.add(networkId);
    this.membersLater();
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
      this.membersDue = this.dirty.size > 0;
      this.write();
      await this.writing;
    } while ((this.stateDirty || this.dirty.size > 0) && !this.refused);
    clearTimeout(this.timer);
    clearTimeout(this.membersTimer);
  }

  private membersLater(): void {
    const wait = this.membersWritten + MEMBERS_MS - performance.now();
    this.membersTimer ??= setTimeout(
      () => {
        this.membersTimer = undefined;
        this.membersDue = true;
        this.write();
      },
      Math.max(QUIET_MS, wait),
    );
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
      else if (this.stateDirty || this.membersDue) this.later();
    });
  }

  private async writeAll(): Promise<void> {
    const waiters = this.waiting;
    this.waiting = [];
    this.refused = false;
    try {
      if (this.stateDirty) {
        this.stateDirty = false;
        await replaceFile(this.dir, STATE_FILE, JSON.stringify(this.state));
        await syncFolder(this.dir);
      }
      for (const { resolve } of waiters) resolve();
      waiters.length = 0;
      if (this.membersDue) {
        this.membersDue = false;
        this.membersWritten = performance.now();
        for (const id of [...this.dirty]) await this.writeMembers(id);
      }
    } catch (thrown) {
      this.refused = true;
      this.stateDirty = true;
      this.membersDue = this.dirty.size > 0;
      for (const { reject } of waiters) reject(thrown);
      this.logger.warn({ error: messageOf(thrown) }, 'networks are not on the disk yet');
      this.later(RETRY_MS);
    }
  }

  private async writeMembers(id: string): Promise<void> {
    const known = this.known.get(id);
    const folder = join(this.dir, FOLDER);
    // Before: what changes while it is written is to be written again.
    this.dirty.delete(id);
    try {
      if (known === undefined) await rm(join(folder, `${id}.json`), { force: true });
      else
        await replaceFile(
          folder,
          `${id}.json`,
          JSON.stringify({ ...known, members: [...known.members.values()] }),
        );
    } catch (thrown) {
      this.dirty.add(id);
      throw thrown;
    }
  }
}

function byId(members: readonly Member[]): Map<string, Member> {
  return new Map(members.map((member) => [member.id, member]));
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
