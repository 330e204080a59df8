// Writes docs/guide/cli-reference.md from the tree of commands: npx tsx scripts/cli-reference.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { cliReference } from '../src/cli/reference.ts';

mkdirSync('docs/guide', { recursive: true });
writeFileSync('docs/guide/cli-reference.md', cliReference());
