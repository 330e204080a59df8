import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { heapFlags } from './heap-flags.ts';
import { selfCommand } from './self.ts';

const GIB = 1024 ** 3;

describe('the heap that Node is given for the manager', () => {
  it.each([
    [1 * GIB, ['--max-old-space-size=768', '--max-semi-space-size=16']],
    [2 * GIB, ['--max-old-space-size=1536', '--max-semi-space-size=32']],
    [24 * GIB, ['--max-old-space-size=18432', '--max-semi-space-size=64']],
  ])('follows the memory: %d bytes', (memory, flags) => {
    expect(heapFlags(memory)).toEqual(flags);
  });

  it('is what Node then has', () => {
    const asked = 'process.stdout.write(String(v8.getHeapStatistics().heap_size_limit))';
    const limit = Number(execFileSync(process.execPath, [...heapFlags(8 * GIB), '-e', asked]));
    expect(limit).toBeGreaterThan(6 * GIB);
    expect(limit).toBeLessThan(7 * GIB);
  });

  it('comes before the flags that this process was given', () => {
    const command = selfCommand(['up'], ['--first']);
    expect(command.slice(0, 2)).toEqual([process.execPath, '--first']);
    expect(command.at(-1)).toBe('up');
  });
});
