import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../kit/errors.ts';
import { packageRoot } from './package-root.ts';
import { run } from './run.ts';

/** The self-contained agent that hosts download when they join. */
export function agentFile(): string {
  return join(packageRoot(), 'dist', 'berth-agent');
}

/**
 * Makes it from the bundle that lies beside it, where it is missing or older (seconds). Without it everything works but
 * joining by the one line, so a failure is told and no more.
 */
export async function ensureAgentFile(warn: (line: string) => void): Promise<void> {
  const script = join(packageRoot(), 'scripts', 'build-agent.mjs');
  if (!existsSync(script)) return;
  try {
    const { code, output } = await run([process.execPath, script]);
    if (code !== 0)
      warn(`the agent's executable could not be made: ${output.trim().split('\n').at(-1) ?? ''}`);
  } catch (thrown) {
    warn(`the agent's executable could not be made: ${messageOf(thrown)}`);
  }
}
