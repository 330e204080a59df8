import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../kit/logger.ts';
import type { Member } from '../../model/span.ts';
import { cleanUp, IDENTITY, temporaryDir } from '../agent.fixture.ts';
import { NetworkFiles } from './network-files.ts';

afterEach(cleanUp);

const span = { driver: 'xoverlay', pools: [{ subnet: '10.0.0.0/24' }], mtu: 1450, internal: false, vni: 1 };
const web: Member = {
  id: 'c1',
  hostId: 'h2',
  via: '192.0.2.2',
  names: ['web'],
  up: true,
  mac: '02:00:00:00:00:01',
};
const known = { name: 'shop', internal: false, members: [web] };
const open = (dir: string, hostId = 'h1') => NetworkFiles.open(dir, { ...IDENTITY, hostId }, silentLogger);

describe('what a host knows of its networks', () => {
  it('is there again after a SIGKILL, once it was said to be', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    files.state.networks.n1 = { id: 'n1', span, engineId: 'e1' };
    files.setMembers('n1', known);
    await Promise.all([files.save(), files.save()]);
    // Not closed.
    expect((await open(dir)).state.networks.n1?.engineId).toBe('e1');
    await files.close();
    expect((await open(dir)).members('n1')).toEqual(known);
    files.setMembers('n1', undefined);
    await files.close();
    expect(await readdir(join(dir, 'members'))).toEqual([]);
  });

  it('is not another host’s', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    files.state.networks.n1 = { id: 'n1', span, engineId: 'e1' };
    files.setMembers('n1', known);
    await files.save();
    await files.close();
    const others = await open(dir, 'h2');
    expect(others.state.networks).toEqual({});
    expect(others.members('n1')).toBeUndefined();
  });

  it('is set aside where it cannot be read', async () => {
    const dir = await temporaryDir();
    await mkdir(join(dir, 'members'));
    await writeFile(join(dir, 'networks.json'), '{"networks":');
    await writeFile(join(dir, 'members', 'n1.json'), '[]');
    await writeFile(join(dir, 'members', 'n2.json.tmp'), 'half');
    const files = await open(dir);
    expect(files.state.networks).toEqual({});
    expect(await readFile(join(dir, 'networks.json.unreadable'), 'utf8')).toBe('{"networks":');
  });

  it('is refused by a disk that takes nothing, and written later', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    // A folder in its place: root may write everywhere.
    await mkdir(join(dir, 'networks.json.tmp'));
    await expect(files.save()).rejects.toThrow(/EISDIR/);
    await rm(join(dir, 'networks.json.tmp'), { recursive: true });
    await files.close();
    expect(await readFile(join(dir, 'networks.json'), 'utf8')).toContain('"hostId":"h1"');
    await chmod(dir, 0o700);
  });

  describe('and changed while it was being written', () => {
    afterEach(() => vi.useRealTimers());
    const bind = (files: NetworkFiles, id: string) => {
      files.state.networks[id] = { id, span, engineId: `engine-${id}` };
    };

    it('is written once more, though the quiet time ended meanwhile', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const dir = await temporaryDir();
      const files = await open(dir);
      const saved = files.save();
      bind(files, 'n1');
      files.saveSoon();
      vi.advanceTimersByTime(1_000);
      await saved;
      await expect.poll(() => vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(1_000);
      await expect.poll(() => readFile(join(dir, 'networks.json'), 'utf8')).toContain('engine-n1');
      await files.close();
    });

    it('is on the disk once closed', async () => {
      const dir = await temporaryDir();
      const files = await open(dir);
      const saved = files.save();
      bind(files, 'n1');
      files.saveSoon();
      await files.close();
      await saved;
      expect(await readFile(join(dir, 'networks.json'), 'utf8')).toContain('engine-n1');
    });
  });

  it('names no path by an ID', async () => {
    const files = await open(await temporaryDir());
    files.setMembers('../../etc/passwd', known);
    expect([...files.withMembers()]).toEqual([]);
  });
});
