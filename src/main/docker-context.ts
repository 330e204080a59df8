import { installed } from './docker-engine.ts';
import { run } from './run.ts';

const NAME = 'berth';

/** Makes or updates the docker context `berth`, and returns its name; undefined where there is no docker. */
export async function ensureDockerContext(endpoint: string, path: string): Promise<string | undefined> {
  if (!installed('docker', path)) return undefined;
  const description = 'Berth: all hosts of the cluster';
  const host = `host=${endpoint}`;
  const found = await run(['docker', 'context', 'inspect', NAME]);
  const verb = found.code === 0 ? 'update' : 'create';
  const { code } = await run([
    'docker',
    'context',
    verb,
    NAME,
    '--description',
    description,
    '--docker',
    host,
  ]);
  return code === 0 ? NAME : undefined;
}

/** Takes the context away again, where it is there. */
export async function removeDockerContext(path: string): Promise<boolean> {
  if (!installed('docker', path)) return false;
  return (await run(['docker', 'context', 'rm', '--force', NAME])).code === 0;
}
