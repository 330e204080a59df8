import { BerthError } from '../../kit/errors.ts';
import type { EngineCall } from '../docker/call.ts';
import { containerPath, rewriteFor, type Target } from '../docker/containers/find.ts';
import { askJson, enginePath, refusalOf } from '../docker/passthrough.ts';
import type { TerminalProcess, TerminalQuery } from '../v1/container-hands.ts';

/**
 * The first of the keys that detach is held back by the engine until the next one comes. Its own begin with Ctrl-P, which
 * every shell has a use for; nobody types these.
 */
const DETACH_KEYS = 'ctrl-^,ctrl-],ctrl-^,ctrl-]';
/** A size is told again while the command is only about to begin: so many times, with this much between, milliseconds. */
const TRIES = 8;
const BETWEEN_MS = 60;
/** How long an engine may take to answer a question about the command, milliseconds. */
const ASK_MS = 10_000;

/** Runs a command with a terminal, as `docker exec -it` does. @throws BerthError in the engine's words, `host_down` */
export async function openTerminal(
  call: EngineCall,
  target: Target,
  { command, user, workingDir }: Omit<TerminalQuery, 'container'>,
): Promise<TerminalProcess> {
  const { engines } = call.deps;
  const { hostId } = target;
  const rewrite = rewriteFor(target);
  const json = {
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true, DetachKeys: DETACH_KEYS },
    ...{ Cmd: command, Env: ['TERM=xterm-256color'] },
    ...(user === undefined ? {} : { User: user }),
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
  };
  const create = { method: 'POST', path: enginePath(call, containerPath(target, '/exec')), json };
  const { Id } = await askJson<{ Id: string }>(call, hostId, { ...create, signal: call.signal }, rewrite);
  if (!/^[0-9a-f]{64}$/.test(Id)) throw new BerthError('internal', 'the engine gave its exec no ID');
  const execPath = (rest: string, query?: URLSearchParams) => enginePath(call, `/exec/${Id}${rest}`, query);
  const answer = await engines.upgrade(hostId, {
    ...{ method: 'POST', path: execPath('/start'), headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ Detach: false, Tty: true }),
    hangUp: true,
    signal: call.signal,
  });
  if (answer.kind === 'response') throw await refusalOf(answer, rewrite);
  const { stream } = answer;
  let wanted = '';
  return {
    stream,
    resize: async (columns, rows) => {
      const query = new URLSearchParams({ w: String(columns), h: String(rows) });
      wanted = query.toString();
      for (let tries = 1; tries <= TRIES; tries++) {
        // Another one has come meanwhile, or there is nothing left to tell.
        if (wanted !== query.toString() || stream.destroyed || stream.readableEnded) return;
        const signal = AbortSignal.timeout(ASK_MS);
        const path = execPath('/resize', query);
        const isDone = await askJson(call, hostId, { method: 'POST', path, signal }).then(
          () => true,
          () => false,
        );
        if (isDone) return;
        await new Promise<void>((resolve) => setTimeout(resolve, BETWEEN_MS * tries).unref());
      }
    },
    exitCode: async () => {
      const signal = AbortSignal.timeout(ASK_MS);
      const said = await askJson<{ ExitCode?: unknown }>(call, hostId, {
        ...{ method: 'GET', path: execPath('/json'), signal },
      }).catch(() => undefined);
      return typeof said?.ExitCode === 'number' ? said.ExitCode : undefined;
    },
  };
}
