import { Agent, request } from 'undici';
import { messageOf } from '../kit/errors.ts';
import { AcmeError } from '../model/acme.ts';

export type TransportOptions = Readonly<{
  /** CAs that the server's own certificate is checked by, PEM, in place of the public ones; empty: these. */
  root?: string;
  timeoutMs?: number;
}>;

export type Reply = Readonly<{
  status: number;
  header(name: string): string | undefined;
  body: string;
}>;

const TIMEOUT_MS = 30_000;
/** The longest answer is a chain of certificates. */
const MOST_BYTES = 256 * 1024;
const AGENT = 'berth';

/** HTTP to one ACME server: one answer, read whole, no redirects, within a time. */
export class Transport {
  private readonly agent: Agent;
  private readonly timeoutMs: number;

  constructor(
    private readonly server: string,
    { root = '', timeoutMs = TIMEOUT_MS }: TransportOptions,
  ) {
    this.timeoutMs = timeoutMs;
    this.agent = new Agent({
      connect: { timeout: timeoutMs, ...(root === '' ? {} : { ca: root }) },
      keepAliveTimeout: 10_000,
    });
  }

  /** @throws AcmeError of scope `ca` where nothing came, or too much */
  async send(
    method: 'GET' | 'HEAD' | 'POST',
    url: string,
    body?: string,
    signal?: AbortSignal,
  ): Promise<Reply> {
    // Where a CA leads to by its answers is never anywhere without TLS.
    if (!url.startsWith(`${new URL(this.server).protocol}//`))
      throw this.failed('the CA leads to a URL that is not of its kind', 'name another one by acmeDirectory');
    const timeout = AbortSignal.timeout(this.timeoutMs);
    try {
      const {
        statusCode,
        headers,
        body: stream,
      } = await request(url, {
        method,
        dispatcher: this.agent,
        headers: {
          'user-agent': AGENT,
          ...(body === undefined ? {} : { 'content-type': 'application/jose+json' }),
        },
        ...(body === undefined ? {} : { body }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      const parts: Buffer[] = [];
      let bytes = 0;
      for await (const part of stream as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > MOST_BYTES) throw new Error(`an answer of over ${MOST_BYTES} bytes`);
        parts.push(part);
      }
      return {
        status: statusCode,
        header: (name) => {
          const value = headers[name];
          return Array.isArray(value) ? value[0] : value;
        },
        body: Buffer.concat(parts).toString('utf8'),
      };
    } catch (thrown) {
      if (signal?.aborted === true) throw thrown;
      const why = timeout.aborted ? `no answer within ${this.timeoutMs / 1000} s` : messageOf(thrown);
      throw this.failed(
        why,
        'look whether this manager reaches it, and at acmeDirectory and acmeRoot',
        thrown,
      );
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private failed(why: string, hint: string, cause?: unknown): AcmeError {
    return new AcmeError({ scope: 'ca', what: `${new URL(this.server).host}: ${why}`, hint }, cause);
  }
}
