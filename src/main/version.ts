import { readFileSync } from 'node:fs';

declare const BERTH_VERSION: string | undefined;

/** Berth's version: put in by the build, or read from package.json where the source runs as it is. */
export const version: string =
  typeof BERTH_VERSION === 'string'
    ? BERTH_VERSION
    : JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
