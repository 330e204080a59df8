import { createServer, type Server } from 'node:http';
import type { LastFigures } from '../agent/index.ts';
import type { Address } from '../cli/values.ts';
import { containerFamilies, hostFamilies } from '../contract/figure-families.ts';
import { messageOf } from '../kit/errors.ts';
import { EXPOSITION_TYPE, expositionText, type Family } from '../kit/exposition.ts';
import type { Logger } from '../kit/logger.ts';
import { ProcessFigures } from '../kit/process-figures.ts';
import { listening } from './listen.ts';

/** Of an ID, as docker shows it. */
const SHORT = 12;
const MOST_CONNECTIONS = 16;
/** Who has not read an answer by then is not reading: the place is for others (milliseconds). */
const READ_MS = 30_000;

type MetricsServerOptions = Readonly<{
  listen: Address;
  hostName: string;
  figures(): LastFigures | undefined;
  logger: Logger;
  readMs?: number;
}>;

/**
 * Answers Prometheus with what a host's agent has measured, without asking who it is: whoever reaches the address may read
 * it. Where it cannot listen, that is in the log: a host is held without it, too.
 * @returns what ends it
 */
export async function serveMetrics(options: MetricsServerOptions): Promise<() => Promise<void>> {
  const { listen, logger, readMs = READ_MS } = options;
  const own = new ProcessFigures();
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    const isRead = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
    if (!isRead) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('there is only GET /metrics here\n');
      return;
    }
    const late = setTimeout(() => request.socket.destroy(), readMs);
    response.once('close', () => clearTimeout(late));
    const families = [...agentFamilies(options), ...own.families()];
    response.writeHead(200, { 'content-type': EXPOSITION_TYPE, 'cache-control': 'no-store' });
    response.end(expositionText(families));
  });
  server.maxConnections = MOST_CONNECTIONS;
  try {
    await listening('the metrics of this agent', '--metrics-listen', listen, () => started(server, listen));
  } catch (thrown) {
    logger.error({ error: messageOf(thrown) }, 'this agent’s metrics are not served');
  }
  return async () => {
    own.close();
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
}

function agentFamilies({ hostName, figures }: MetricsServerOptions): readonly Family[] {
  const { machine, containers = [] } = figures() ?? {};
  const host = { host: hostName };
  return [
    ...hostFamilies(machine === undefined ? [] : [{ labels: host, row: machine }]),
    ...containerFamilies(
      containers.map(({ observed: { name, clusterId, engineId }, figures: row }) => ({
        labels: { ...host, container: name, id: (clusterId ?? engineId).slice(0, SHORT) },
        row,
      })),
    ),
  ];
}

function started(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
