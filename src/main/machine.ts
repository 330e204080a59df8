import { askMachineId } from '../agent/index.ts';
import { dialerFor, newDockerEngine } from '../engine/index.ts';

/** Which machine this is; see `askMachineId`. */
export async function machineIdOf(engineUrl: string): Promise<string> {
  const engine = newDockerEngine(dialerFor(engineUrl));
  try {
    return await askMachineId(engine, AbortSignal.timeout(10_000));
  } finally {
    engine.close();
  }
}
