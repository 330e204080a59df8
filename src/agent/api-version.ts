import type { EngineInfo } from '../model/host.ts';

/** The path prefix for `version` ("1.41"), or for the nearest one that the engine speaks. */
export function apiPrefix(
  version: string,
  engine: Pick<EngineInfo, 'apiVersion' | 'minApiVersion'> | undefined,
): string {
  if (engine === undefined) return `/v${version}`;
  if (number(version) > number(engine.apiVersion)) return `/v${engine.apiVersion}`;
  if (number(version) < number(engine.minApiVersion)) return `/v${engine.minApiVersion}`;
  return `/v${version}`;
}

/** Versions count by their parts: 1.9 is before 1.41. */
function number(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
}
