import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../kit/errors.ts';
import type { EngineRequest } from '../../link/ports.ts';
import { auditBegun } from './audit.ts';
import type { DockerCall } from './call.ts';
import { refusalOf, sendAnswer } from './passthrough.ts';

/** After the engine has said its last word the client may take this long to close (milliseconds). */
const LINGER_MS = 10_000;
const RAW_STREAM = 'application/vnd.docker.raw-stream';

/** A raw connection to an engine, asked for on behalf of a client. */
export type HijackRequest = Omit<EngineRequest, 'signal'>;

/**
 * Joins a client that asked to upgrade with a raw connection to an engine: both ways at full duplex, with half-close,
 * so that the end of the client's input reaches the container and the container's end reaches the client.
 * @throws BerthError before a byte has gone to the client, where the engine refuses
 */
export async function hijackUpgrade(
  call: DockerCall,
  socket: Duplex,
  hostId: string,
  request: HijackRequest,
  rewrite?: (text: string) => string,
): Promise<void> {
  const protocol = call.req.headers.upgrade ?? 'tcp';
  const answer = await call.deps.engines.upgrade(hostId, {
    ...request,
    headers: { ...request.headers, upgrade: protocol },
    signal: call.signal,
  });
  if (answer.kind === 'response') {
    if (answer.status >= 400) throw await refusalOf(answer, rewrite);
    await writePlain(socket, answer.status, answer.headers, answer.body);
    return;
  }
  auditBegun(call);
  socket.write(upgradeHead(call, protocol, answer.headers));
  await join(call, socket, answer.stream);
}

/**
 * The same for a client that did not ask to upgrade: status 200, the raw stream as the answer's body until the
 * connection closes, the request's own body as the input.
 */
export async function hijackPlain(
  call: DockerCall,
  hostId: string,
  request: HijackRequest,
  options: Readonly<{ input: boolean; rewrite?: (text: string) => string }>,
): Promise<void> {
  const { req, res } = call;
  const answer = await call.deps.engines.upgrade(hostId, {
    ...request,
    headers: { ...request.headers, upgrade: 'tcp' },
    signal: call.signal,
  });
  if (answer.kind === 'response') {
    if (answer.status >= 400) throw await refusalOf(answer, options.rewrite);
    await sendAnswer(call, answer);
    return;
  }
  auditBegun(call);
  res.useChunkedEncodingByDefault = false;
  res.writeHead(200, { 'content-type': answer.headers['content-type'] ?? RAW_STREAM, connection: 'close' });
  res.flushHeaders();
  if (options.input) req.pipe(answer.stream);
  else answer.stream.end();
  await pipeline(answer.stream, res, { signal: call.signal });
}

function upgradeHead(call: DockerCall, protocol: string, headers: IncomingHttpHeaders): string {
  const lines = ['HTTP/1.1 101 UPGRADED', 'Connection: Upgrade', `Upgrade: ${protocol}`];
  if (protocol === 'tcp') lines.push(`Content-Type: ${headers['content-type'] ?? RAW_STREAM}`);
  lines.push(`Api-Version: ${call.apiVersion}`);
  for (const [name, value] of Object.entries(headers)) {
    // The websocket handshake is the engine's: its answer proves that it read the client's key.
    if (name.startsWith('sec-websocket-') && typeof value === 'string') lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Resolves when both directions have ended; either end breaking breaks the other. */
function join(call: DockerCall, client: Duplex, engine: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let linger: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(linger);
      if (!client.destroyed) client.destroy();
      if (!engine.destroyed) engine.destroy();
      resolve();
    };
    const broken = (thrown: unknown) => {
      call.deps.logger.debug({ path: call.path, reason: messageOf(thrown) }, 'raw connection broke');
      finish();
    };
    client.on('error', broken).on('close', finish);
    engine.on('error', broken);
    engine.on('close', () => {
      // Closed without an end: the host is gone. After an end the client still reads what is on its way.
      if (!engine.readableEnded) finish();
    });
    engine.on('end', () => {
      // Input that nobody will read any more is thrown away: closing with it unread would reset the connection, and
      // the client would lose the last output.
      client.unpipe(engine);
      // An ended connection closes in peace on the host too; one that is cut looks like a fault there.
      engine.end();
      client.resume();
      linger = setTimeout(finish, LINGER_MS);
      if (client.readableEnded) client.once('finish', finish);
      else client.once('end', finish);
    });
    client.pipe(engine);
    engine.pipe(client);
    client.resume();
  });
}

async function writePlain(
  socket: Duplex,
  status: number,
  headers: IncomingHttpHeaders,
  body: NodeJS.ReadableStream,
): Promise<void> {
  const type = headers['content-type'];
  const lines = [
    `HTTP/1.1 ${status} OK`,
    'Connection: close',
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await pipeline(body, socket);
}
