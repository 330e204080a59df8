import type { FrameSession } from '../ports.ts';
import type { FrameChannel } from './frame-channel.ts';

/** What the layers above see of a frame channel and of the connection that it is a part of. */
export class ChannelSession<Out, In> implements FrameSession<Out, In> {
  constructor(
    private readonly channel: FrameChannel<Out, In>,
    readonly remoteAddress: string,
    /** Ends the connection; must end in `channel.close(reason)`. */
    private readonly end: (reason: string) => void,
  ) {}

  get backlog(): number {
    return this.channel.backlog;
  }

  send(frame: Out): void {
    this.channel.send(frame);
  }

  onFrame(listener: (frame: In) => void): void {
    this.channel.onFrame(listener);
  }

  onClose(listener: (reason: string) => void): void {
    this.channel.onClose(listener);
  }

  close(reason: string): void {
    this.end(reason);
  }
}
