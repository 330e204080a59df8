import {
  type FromTerminal,
  MOST_INPUT,
  TERMINAL_PATH,
  TERMINAL_PROTOCOL,
  TICKET_PREFIX,
  toTerminalSchema,
} from '../../../../src/contract/v1/terminals.ts';

/** What of a WebSocket is used here. */
export type Socket = Pick<
  WebSocket,
  'binaryType' | 'readyState' | 'onmessage' | 'onclose' | 'send' | 'close'
>;

export type Ended = Readonly<{
  /** The manager's sentence; left out where the connection broke off. */
  reason?: string;
  exitCode?: number;
}>;

type Hooks = Readonly<{
  onOpen(): void;
  /** `shown` is called once it is on the screen. */
  onOutput(bytes: Uint8Array, shown: () => void): void;
  /** Once. */
  onEnd(ended: Ended): void;
}>;

/** The manager is told of so much that was shown at once, bytes; of less after a while, milliseconds. */
const TOLD_BYTES = 64 * 1024;
const TOLD_MS = 50;
const OPEN = 1;

/** The WebSocket of a terminal for which there is a ticket. */
export function socketFor(ticket: string): WebSocket {
  return new WebSocket(`wss://${location.host}${TERMINAL_PATH}`, [
    TERMINAL_PROTOCOL,
    `${TICKET_PREFIX}${ticket}`,
  ]);
}

/** One terminal's connection. Output is sent only as far as it is shown, so that neither end holds what a container writes. */
export class TerminalConnection {
  private shown = 0;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private ended: Ended | undefined;
  private isOver = false;

  constructor(
    private readonly socket: Socket,
    private readonly hooks: Hooks,
  ) {
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = () => this.over(this.ended ?? {});
  }

  type(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.socket.readyState !== OPEN) return;
    for (let at = 0; at < bytes.length; at += MOST_INPUT) this.socket.send(bytes.slice(at, at + MOST_INPUT));
  }

  resize(columns: number, rows: number): void {
    this.say({ t: 'size', columns, rows });
  }

  /** Ends it without a word more. */
  close(): void {
    this.isOver = true;
    clearTimeout(this.telling);
    this.socket.close();
  }

  private take(data: unknown): void {
    if (this.isOver) return;
    if (data instanceof ArrayBuffer) {
      this.hooks.onOutput(new Uint8Array(data), () => this.onShown(data.byteLength));
      return;
    }
    const said = toTerminalSchema.safeParse(parsed(data));
    // A newer manager may say more than this page understands.
    if (!said.success) return;
    if (said.data.t === 'opened') this.hooks.onOpen();
    else {
      const { reason, exitCode } = said.data;
      this.ended = { reason, ...(exitCode === undefined ? {} : { exitCode }) };
    }
  }

  private onShown(bytes: number): void {
    this.shown += bytes;
    if (this.shown >= TOLD_BYTES) this.tell();
    else this.telling ??= setTimeout(() => this.tell(), TOLD_MS);
  }

  private tell(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    this.say({ t: 'taken', bytes: this.shown });
    this.shown = 0;
  }

  private say(message: FromTerminal): void {
    if (this.socket.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  private over(ended: Ended): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.telling);
    this.hooks.onEnd(ended);
  }
}

function parsed(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
