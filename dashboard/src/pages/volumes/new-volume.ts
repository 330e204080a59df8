import { shellWord } from '../../parts/format.ts';

/** What stands in the form; a text that is empty was not said. */
export type VolumeDraft = Readonly<{
  name: string;
  kind: 'local' | 'nfs' | 'other';
  /** Name of one; empty where it is all the same. */
  host: string;
  driver: string;
  server: string;
  folder: string;
}>;

type NewVolume = { name: string; driver?: string; options?: Record<string, string> };

/** Body of `volume.create`: what the kind does not have is left out, though it was typed for another one. */
export function newVolume({ name, kind, host, driver, server, folder }: VolumeDraft): NewVolume {
  const own = name.trim();
  if (kind === 'nfs')
    return {
      name: own,
      driver: 'local',
      options: { type: 'nfs', o: `addr=${server.trim()},rw`, device: `:${folder.trim()}` },
    };
  return {
    name: host === '' || kind !== 'local' ? own : `${host}/${own}`,
    driver: kind === 'local' ? 'local' : driver.trim(),
  };
}

/** The same as a command of docker's. */
export function volumeCli({ name, driver = 'local', options = {} }: NewVolume): string {
  return [
    'docker volume create',
    ...(driver === 'local' ? [] : [`-d ${shellWord(driver)}`]),
    ...Object.entries(options).map(([key, value]) => `-o ${shellWord(`${key}=${value}`)}`),
    shellWord(name || 'NAME'),
  ].join(' ');
}
