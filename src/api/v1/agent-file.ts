import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BerthError } from '../../kit/errors.ts';
import type { StreamAnswer } from './handler.ts';

/** Header with the SHA-256 (hex) of the whole executable. */
const AGENT_HASH_HEADER = 'berth-sha256';

type Known = Readonly<{ stamp: string; sha256: string }>;

/** The agent's executable on the manager's disk. It is hashed once, and again when the file has changed. */
export class AgentFile {
  private known: Promise<Known> | undefined;
  private stamp = '';

  constructor(private readonly path: string) {}

  /** SHA-256, hex; undefined where it is not built. */
  async sha256(): Promise<string | undefined> {
    const file = await this.open();
    if (file === undefined) return undefined;
    try {
      return (await this.hashOf(file)).sha256;
    } finally {
      await file.close();
    }
  }

  /** @throws BerthError `not_found` where it is not built. */
  async answer(): Promise<StreamAnswer> {
    const file = await this.open();
    if (file === undefined) {
      throw new BerthError('not_found', 'this manager has no agent executable to give away', {
        hint: NOT_BUILT,
      });
    }
    try {
      const { sha256 } = await this.hashOf(file);
      const { size } = await file.stat();
      return {
        headers: { 'content-length': String(size), [AGENT_HASH_HEADER]: sha256 },
        body: file.createReadStream({ start: 0, autoClose: true }),
      };
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  private async open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.path, 'r');
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw thrown;
    }
  }

  private async hashOf(file: FileHandle): Promise<Known> {
    const { ino, size, mtimeMs } = await file.stat();
    const stamp = `${ino}/${size}/${mtimeMs}`;
    if (this.known === undefined || this.stamp !== stamp) {
      this.stamp = stamp;
      this.known = hash(this.path, stamp);
      // A failure is not remembered.
      this.known.catch(() => {
        this.known = undefined;
      });
    }
    return this.known;
  }
}

/** What to do about it, for whoever asks in vain. */
export const NOT_BUILT =
  'run "npm run build" in its folder on the manager, or copy the agent to the host yourself';

async function hash(path: string, stamp: string): Promise<Known> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
  return { stamp, sha256: sum.digest('hex') };
}
