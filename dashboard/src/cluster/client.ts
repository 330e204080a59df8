import { newPageClient } from '../../../src/contract/page-client.ts';

const listeners = new Set<() => void>();

/**
 * Tells where a call was refused because nobody is logged in any more, whatever page has made it.
 * @returns what ends that
 */
export function onLoggedOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whoever has asked in another way than by `client` tells by it that nobody is logged in any more. */
export function tellLoggedOut(): void {
  for (const listener of listeners) listener();
}

/** The page's calls to the manager that has served it. */
export const client = newPageClient(async (path, init) => {
  const answer = await fetch(path, init);
  if (answer.status === 401) tellLoggedOut();
  return answer;
});
