import { installed } from './docker-engine.ts';
import { run } from './run.ts';

const NAME = 'berth';

/** Makes or updates the docker context `berth`, so that `docker context use berth` works. False where there is no docker. */
export async function ensureDockerContext(endpoint: string, path: string): Promise<boolean> {
  if (!installed('docker', path)) return false;
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
  return code === 0;
}

/** Takes the context away again, where it is there. */
export async function removeDockerContext(path: string): Promise<boolean> {
  if (!installed('docker', path)) return false;
  return (await run(['docker', 'context', 'rm', '--force', NAME])).code === 0;
}
