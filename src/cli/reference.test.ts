import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { COMMANDS } from './commands/registry.ts';
import { cliReference } from './reference.ts';

it('is what docs/guide/cli-reference.md holds; run "npx tsx scripts/cli-reference.mjs" to make it anew', () => {
  const page = readFileSync(new URL('../../docs/guide/cli-reference.md', import.meta.url), 'utf8');
  expect(page).toBe(cliReference());
});

it('shows an example of every command that names it', () => {
  for (const { name, examples } of COMMANDS) {
    expect(examples.length, name).toBeGreaterThan(0);
    expect(
      examples.every(([line]) => line.includes(`berth ${name}`)),
      name,
    ).toBe(true);
  }
});
