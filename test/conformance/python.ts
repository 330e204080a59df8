import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import type { OtherClient } from './clients.ts';
import { program } from './program.ts';

const SCRIPT = join(import.meta.dirname, 'python_client.py');

interface PythonCase {
  /** The function of python_client.py. */
  readonly name: string;
  readonly call: string;
}

/** What programs use python3-docker for. */
export const PYTHON_CASES: readonly PythonCase[] = [
  { name: 'system', call: 'ping, version, info, df' },
  { name: 'run', call: 'containers.run' },
  {
    name: 'life',
    call: 'containers.create, start, pause, unpause, stop, kill, restart, rename, wait, remove',
  },
  { name: 'lists', call: 'containers.list, get, prune' },
  { name: 'logs', call: 'container.logs (stream)' },
  { name: 'execute', call: 'container.exec_run' },
  { name: 'attach', call: 'container.attach_socket' },
  { name: 'archive', call: 'container.put_archive, get_archive' },
  { name: 'look', call: 'container.stats, top, diff, export, commit' },
  { name: 'images', call: 'images.build, tag, get, list, save, load, remove' },
  { name: 'networks', call: 'networks.create, connect, disconnect, remove' },
  { name: 'volumes', call: 'volumes.create, get, list, remove' },
  { name: 'events', call: 'events' },
  { name: 'errors', call: 'errors.NotFound, APIError' },
];

/** Runs one function of python_client.py. @throws LabError with Python's traceback where it fails */
export async function runPython(client: OtherClient, lab: Lab, name: string): Promise<void> {
  await program([...client.argv, SCRIPT, name], { env: { DOCKER_HOST: lab.endpoint } });
}
