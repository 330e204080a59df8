import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const FOLDERS = ['conf.d', 'certificates', 'pages', 'run'] as const;

/**
 * The files of the configuration on the disk: what HAProxy reads when it starts by itself. For root only, as there are keys
 * among them. Each is replaced as a whole; only those that differ are written.
 */
export class ConfigurationFiles {
  /** What is known to be on the disk. */
  private written: ReadonlyMap<string, string> | undefined;

  constructor(private readonly folder: string) {}

  /** @throws the file system's error; some may have been written then */
  async write(files: ReadonlyMap<string, string>): Promise<void> {
    const before = this.written ?? (await this.read());
    this.written = undefined;
    for (const [name, content] of files) if (before.get(name) !== content) await this.replace(name, content);
    // Keys that nobody uses are not kept, and HAProxy reads all of conf.d.
    for (const name of before.keys())
      if (!files.has(name)) await rm(join(this.folder, name), { force: true });
    this.written = files;
  }

  /** What an earlier process has written under that name; empty where there is none. */
  async earlier(name: string): Promise<string> {
    return readFile(join(this.folder, name), 'utf8').catch(() => '');
  }

  private async read(): Promise<ReadonlyMap<string, string>> {
    for (const folder of FOLDERS) await mkdir(join(this.folder, folder), { recursive: true, mode: 0o700 });
    const found = new Map<string, string>();
    for (const entry of await readdir(this.folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) found.set(path.slice(this.folder.length + 1), await readFile(path, 'utf8'));
    }
    return found;
  }

  private async replace(name: string, content: string): Promise<void> {
    const path = join(this.folder, name);
    const temporary = join(dirname(path), '.new');
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, path);
  }
}
