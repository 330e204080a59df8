// An index of images as Docker Hub has one, for `docker search` (v1) and `docker login` (v2, Basic).
// usage: node index-server.mjs ADDRESS PORT
import { createServer } from 'node:http';

const [address, port] = process.argv.slice(2);
const RIGHT = `Basic ${Buffer.from('ann:right').toString('base64')}`;

createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://index');
  const json = (status, value, headers = {}) =>
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  if (pathname === '/v1/_ping') return json(200, true, { 'x-docker-registry-standalone': 'true' });
  if (pathname === '/v1/search') {
    const term = searchParams.get('q') ?? '';
    const name = `berth-${term}`;
    const results = [
      { name, description: 'found by the index', star_count: 3, is_official: false, is_automated: false },
    ];
    return json(200, { query: term, num_results: 1, results });
  }
  if (pathname === '/v2/') {
    if (req.headers.authorization === RIGHT) return json(200, {});
    return json(
      401,
      { errors: [{ code: 'UNAUTHORIZED', message: 'wrong user or password' }] },
      {
        'docker-distribution-api-version': 'registry/2.0',
        'www-authenticate': 'Basic realm="index"',
      },
    );
  }
  return json(404, {});
}).listen(Number(port), address);
