import type { RawData, WebSocket } from 'ws';
import { fromTerminalSchema, type ToTerminal } from '../../contract/v1/terminals.ts';
import { messageOf } from '../../kit/errors.ts';
import type { TerminalProcess } from '../v1/container-hands.ts';

/** Output that was sent and is not shown yet, bytes: beyond it the command has to wait. */
const WINDOW = 512 * 1024;

export type TerminalEnd = Readonly<{
  /** One sentence, for a person. */
  reason: string;
  /** Of a command that has ended by itself. */
  exitCode?: number;
  /** The page has gone away by itself. */
  isLeft?: boolean;
}>;

/**
 * Joins a page with a command's terminal until either ends, or `stop` fires with a reason. Neither end is sent more than it
 * takes: the page tells what it has shown, and what is typed waits for the command to read it.
 * @param onTyped the person is there
 * @returns how it ended, once the page was told
 */
export async function bridge(
  socket: WebSocket,
  command: TerminalProcess,
  { stop, onTyped }: Readonly<{ stop: AbortSignal; onTyped(): void }>,
): Promise<TerminalEnd> {
  const { stream } = command;
  let sent = 0;
  let taken = 0;
  const look = () => {
    if (sent - taken > WINDOW || socket.bufferedAmount > WINDOW) stream.pause();
    else if (stream.isPaused()) stream.resume();
  };
  const onMessage = (data: RawData, isBinary: boolean) => {
    if (isBinary) {
      onTyped();
      if (stream.writable && !stream.write(data as Buffer)) {
        socket.pause();
        stream.once('drain', () => socket.resume());
      }
      return;
    }
    const said = fromTerminalSchema.safeParse(parsed(data));
    if (!said.success) {
      socket.close(1008, 'a message that is not understood');
      return;
    }
    if (said.data.t === 'size') void command.resize(said.data.columns, said.data.rows);
    else {
      taken = Math.min(sent, taken + said.data.bytes);
      look();
    }
  };
  const end = await new Promise<TerminalEnd>((resolve) => {
    stream.on('data', (part: Buffer) => {
      sent += part.length;
      socket.send(part, { binary: true }, look);
      look();
    });
    stream.once('error', (thrown) => resolve({ reason: messageOf(thrown) }));
    stream.once('end', () => {
      command.exitCode().then((exitCode) => {
        resolve({
          reason:
            exitCode === undefined ? 'the command has ended' : `the command has ended with exit ${exitCode}`,
          ...(exitCode === undefined ? {} : { exitCode }),
        });
      });
    });
    stream.once('close', () => {
      // After an end the exit code is asked for.
      if (!stream.readableEnded) resolve({ reason: 'the connection to the host was lost' });
    });
    socket.once('close', () => resolve({ reason: 'it was closed', isLeft: true }));
    const onStop = () => resolve({ reason: String(stop.reason) });
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop, { once: true });
    socket.on('message', onMessage);
    socket.send(JSON.stringify({ t: 'opened' } satisfies ToTerminal));
  });
  socket.off('message', onMessage);
  socket.resume();
  stream.on('error', () => undefined);
  stream.destroy();
  return end;
}

function parsed(data: RawData): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
