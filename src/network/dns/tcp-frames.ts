const MAX_CHUNKS = 64;

/** Messages in a TCP stream, each behind its length in two bytes (RFC 1035, section 4.2.2). */
export class TcpFrames {
  private chunks: Buffer[] = [];
  private size = 0;

  /** The messages that are whole with this chunk. What is kept is never more than one message. */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.size += chunk.length;
    // Each chunk is an object of its own: byte by byte a message would take a hundred times its size.
    if (this.chunks.length > MAX_CHUNKS) this.chunks = [Buffer.concat(this.chunks)];
    const messages: Buffer[] = [];
    for (;;) {
      if (this.size < 2) return messages;
      // Joined once there is enough: many small chunks cost no more than one copy each.
      const head = this.head();
      if (this.size < head + 2) return messages;
      const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
      if (all === undefined) return messages;
      messages.push(all.subarray(2, head + 2));
      const rest = all.subarray(head + 2);
      this.chunks = rest.length === 0 ? [] : [rest];
      this.size = rest.length;
    }
  }

  /** True in the midst of a message. */
  get pending(): boolean {
    return this.size > 0;
  }

  private head(): number {
    const [first, ...more] = this.chunks;
    if (first !== undefined && first.length >= 2) return first.readUInt16BE(0);
    this.chunks = [Buffer.concat([first ?? Buffer.alloc(0), ...more])];
    return this.chunks[0]?.readUInt16BE(0) ?? 0;
  }
}

export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
