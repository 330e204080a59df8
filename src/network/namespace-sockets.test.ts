import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';

const BIND = `import { bindAndHandOver } from './src/network/namespace-sockets.ts';
bindAndHandOver(process.argv.slice(1)).catch(() => process.exit(1));`;

/** What an agent does until its child is there; then it does nothing more, as one that is about to die. */
const AGENT = `const { spawn } = require('node:child_process');
const child = spawn(process.execPath, JSON.parse(process.argv[1]), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
process.stdout.write(child.pid + '\\n', () => process.kill(process.pid, 'SIGSTOP'));`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const isTaken = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

let agent: ChildProcess | undefined;
let bound = 0;

afterEach(() => {
  agent?.kill('SIGKILL');
  try {
    if (bound > 0) process.kill(bound, 'SIGKILL');
  } catch {
    // It has ended, as it is to.
  }
});

it('does not keep a port when the agent is killed before it has taken the sockets', async () => {
  const port = await freePort();
  const child = ['--import', 'tsx', '--input-type=module', '-e', BIND];
  const argv = [...child, '--', '127.0.0.1', String(port), '1', '1'];
  agent = spawn(process.execPath, ['-e', AGENT, JSON.stringify(argv)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (agent.stdout === null) throw new Error('no output');
  const [pid] = await once(createInterface({ input: agent.stdout }), 'line');
  bound = Number(pid);
  await expect.poll(() => isTaken(port), { timeout: 30_000 }).toBe(true);
  agent.kill('SIGKILL');
  await expect.poll(() => isTaken(port), { timeout: 10_000 }).toBe(false);
}, 60_000);
