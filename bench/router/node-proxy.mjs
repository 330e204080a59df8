// A reverse proxy as it is written in Node: requests piped through, connections to the containers kept (as hipache's
// http-proxy does with a keep-alive agent). Usage: node-proxy.mjs ADDRESS PORT BACKEND_PORT...
import { Agent, createServer, request } from 'node:http';

const [address, port, ...backends] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
let turn = 0;

createServer((asked, answer) => {
  const headers = {
    ...asked.headers,
    'x-forwarded-for': asked.socket.remoteAddress,
    'x-forwarded-proto': 'http',
  };
  const { url: path, method } = asked;
  const sent = request({
    host: address,
    port: backends[turn++ % backends.length],
    path,
    method,
    headers,
    agent,
  });
  sent.on('response', (got) => {
    answer.writeHead(got.statusCode, got.headers);
    got.pipe(answer);
  });
  sent.on('error', () => {
    if (!answer.headersSent) answer.writeHead(502);
    answer.end();
  });
  asked.pipe(sent);
}).listen(Number(port), address);
