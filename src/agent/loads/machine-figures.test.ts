import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Machine } from './machine-figures.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-machine-'));
  write(
    '/proc/meminfo',
    'MemTotal:  8000 kB\nMemFree: 1 kB\nMemAvailable:  6000 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n',
  );
  write('/proc/loadavg', '1.25 0.50 0.25 1/200 999\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
function cpu(user: number, system: number, wait: number, stolen: number): void {
  const line = `${user} 0 ${system} 1000 ${wait} 0 0 ${stolen} ${user} 0`;
  write('/proc/stat', `cpu  ${line}\ncpu0 ${line}\ncpu1 ${line}\nintr 5\n`);
}
function net(...lines: [name: string, received: number, sent: number][]): void {
  const text = lines.map(
    ([name, received, sent]) => `${name}: ${received} 1 0 0 0 0 0 0 ${sent} 1 0 0 0 0 0 0`,
  );
  write('/proc/net/dev', ['Inter-|', ' face |', ...text, ''].join('\n'));
}
const disk = (name: string, read: number, written: number) =>
  `8 0 ${name} 1 0 ${read} 5 1 0 ${written} 5 0 5 5`;

describe('a machine', () => {
  it('is measured between two looks: cores by kind, bytes of what is its own', async () => {
    const machine = new Machine(() => '/', root);
    for (const path of ['/sys/class/net/eth0/device', '/sys/block/sda/device']) write(`${path}/x`, '');
    cpu(100, 50, 10, 5);
    net(['lo', 9, 9], ['eth0', 1_000, 10], ['br-1', 5_000, 5_000]);
    write(
      '/proc/diskstats',
      [disk('sda', 10, 20), disk('sda1', 10, 20), disk('dm-0', 10, 20), ''].join('\n'),
    );
    expect(machine.look(1_000)).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 50));
    cpu(400, 150, 20, 5);
    net(['lo', 99, 99], ['eth0', 3_000, 110], ['br-1', 9_000, 9_000]);
    write(
      '/proc/diskstats',
      [disk('sda', 30, 20), disk('sda1', 30, 20), disk('dm-0', 30, 20), ''].join('\n'),
    );
    const figures = machine.look(3_000);
    expect(figures).toMatchObject({
      ...{ cpuUser: 1.5, cpuSystem: 0.5, cpuWait: 0.05, cpuStolen: 0, load: 1.25, cores: 2 },
      ...{ memory: 2_048_000, memorySize: 8_192_000, swap: 6_144 },
      ...{ networkIn: 1_000, networkOut: 50, diskRead: 5_120, diskWrite: 0 },
    });
    expect(figures?.dockerDisk).toBeGreaterThan(0);
    expect(figures?.dockerDiskSize).toBeGreaterThan(figures?.dockerDisk ?? 0);
  });

  it('without hardware of its own is all but what containers have', () => {
    const machine = new Machine(() => undefined, root);
    cpu(0, 0, 0, 0);
    net(['lo', 1, 1], ['eth0', 1, 1], ['veth1', 1, 1], ['docker0', 1, 1]);
    machine.look(0);
    net(['lo', 501, 501], ['eth0', 101, 201], ['veth1', 501, 501], ['docker0', 501, 501]);
    const figures = machine.look(1_000);
    expect(figures).toMatchObject({ networkIn: 100, networkOut: 200, diskRead: 0 });
    expect(figures?.dockerDisk).toBeNaN();
  });

  it('whose counters go back has done nothing', () => {
    const machine = new Machine(() => undefined, root);
    cpu(500, 500, 0, 0);
    net(['eth0', 500, 500]);
    machine.look(0);
    cpu(100, 600, 0, 0);
    net(['eth0', 1, 600]);
    expect(machine.look(1_000)).toMatchObject({ cpuUser: 0, cpuSystem: 1, networkIn: 0, networkOut: 100 });
  });
});
