import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

const AGAIN_AFTER_MS = 1_000;

/**
 * A part of a page that is fetched when it is first shown; once more by itself where that fetch was cut, as it is when a
 * laptop changes networks.
 */
export function part<P extends object>(
  load: () => Promise<ComponentType<P>>,
): LazyExoticComponent<ComponentType<P>> {
  return lazy(async () => ({ default: await load().catch(() => again(load)) }));
}

async function again<T>(load: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  return load();
}
