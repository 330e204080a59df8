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
const shop = { id: 'n1', name: 'shop', internal: false };
const known = { name: 'shop', internal: false, members: new Map([['c1', web]]) };
const all = { whole: true, put: [web], drop: [] };
const open = (dir: string, hostId = 'h1') => NetworkFiles.open(dir, { ...IDENTITY, hostId }, silentLogger);

describe('what a host knows of its networks', () => {
  it('is there again after a SIGKILL, once it was said to be', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    files.state.networks.n1 = { id: 'n1', span, engineId: 'e1' };
    files.changeMembers(shop, all);
    await Promise.all([files.save(), files.save()]);
    // Not closed.
    expect((await open(dir)).state.networks.n1?.engineId).toBe('e1');
    await files.close();
    expect((await open(dir)).members('n1')).toEqual(known);
    files.forgetMembers('n1');
    await files.close();
    expect(await readdir(join(dir, 'members'))).toEqual([]);
  });

  it('is not another host’s', async () => {
    const dir = await temporaryDir();
    const files = await open(dir);
    files.state.networks.n1 = { id: 'n1', span, engineId: 'e1' };
    files.changeMembers(shop, all);
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

  describe('of members', () => {
    afterEach(() => vi.useRealTimers());
    const put = (ip: string) => ({ whole: false, put: [{ ...web, ipv4: ip }], drop: [] });

    it('is written soon, and then every 15 s at most, whatever else is saved', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const dir = await temporaryDir();
      const files = await open(dir);
      const written = () => readFile(join(dir, 'members', 'n1.json'), 'utf8').catch(() => '');
      files.changeMembers(shop, put('10.0.0.1'));
      vi.advanceTimersByTime(500);
      await expect.poll(written).toContain('10.0.0.1');
      await files.save();
      files.changeMembers(shop, put('10.0.0.2'));
      vi.advanceTimersByTime(14_000);
      // A save is there before what is written behind it: the second one waits for that, too.
      await files.save();
      await files.save();
      expect(await written()).toContain('10.0.0.1');
      files.changeMembers(shop, put('10.0.0.3'));
      vi.advanceTimersByTime(1_000);
      await expect.poll(written).toContain('10.0.0.3');
      files.changeMembers(shop, put('10.0.0.4'));
      await files.close();
      expect(await written()).toContain('10.0.0.4');
    });
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
    files.changeMembers({ ...shop, id: '../../etc/passwd' }, all);
    expect([...files.withMembers()]).toEqual([]);
  });
});
