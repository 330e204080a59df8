// Writes docs/guide/compose-keys.md from the tables of keys and labels: npx tsx scripts/compose-reference.mjs
import { writeFileSync } from 'node:fs';
import { composeReference } from '../src/compose/reference.ts';

writeFileSync('docs/guide/compose-keys.md', composeReference());
