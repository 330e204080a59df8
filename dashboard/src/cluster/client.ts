import { newPageClient } from '../../../src/contract/page-client.ts';

/** The page's calls to the manager that has served it. */
export const client = newPageClient((path, init) => fetch(path, init));
