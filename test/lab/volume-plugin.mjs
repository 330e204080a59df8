// A volume plugin whose volumes are folders below one that all hosts of a lab see, as a file server's would be.
// usage: node volume-plugin.mjs SOCKET FOLDER
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [socket = '', folder = ''] = process.argv.slice(2);
const place = (name) => join(folder, name);
const volume = (name) => ({ Name: name, Mountpoint: place(name) });

const answers = {
  '/Plugin.Activate': () => ({ Implements: ['VolumeDriver'] }),
  '/VolumeDriver.Capabilities': () => ({ Capabilities: { Scope: 'global' } }),
  '/VolumeDriver.Create': ({ Name }) => {
    mkdirSync(place(Name), { recursive: true });
    return {};
  },
  '/VolumeDriver.Remove': ({ Name }) => {
    rmSync(place(Name), { recursive: true, force: true });
    return {};
  },
  '/VolumeDriver.Get': ({ Name }) =>
    existsSync(place(Name)) ? { Volume: volume(Name) } : { Err: `no such volume: ${Name}` },
  '/VolumeDriver.List': () => ({ Volumes: readdirSync(folder).map(volume) }),
  '/VolumeDriver.Path': ({ Name }) => ({ Mountpoint: place(Name) }),
  '/VolumeDriver.Mount': ({ Name }) => ({ Mountpoint: place(Name) }),
  '/VolumeDriver.Unmount': () => ({}),
};

rmSync(socket, { force: true });
createServer(async (request, response) => {
  let body = '';
  for await (const bytes of request) body += bytes;
  const answer = answers[request.url]?.(body === '' ? {} : JSON.parse(body));
  response
    .writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    .end(JSON.stringify(answer ?? { Err: `no ${request.url}` }));
}).listen(socket);
