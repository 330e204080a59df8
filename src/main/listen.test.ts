import { createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listening } from './listen.ts';

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

describe('listening', () => {
  it('names who has a taken port, and the flag that gives another', async () => {
    const holder = createServer();
    const port = await listen(holder, 0, '127.0.0.1');
    const address = { host: '127.0.0.1', port };
    const refused = listening('the API', '--api-listen', address, () =>
      listen(createServer(), port, '127.0.0.1'),
    );
    await expect(refused).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`(pid ${process.pid}) has that port`),
      hint: expect.stringContaining('--api-listen'),
    });
    holder.close();
  });

  it('says that an address is not of this machine', async () => {
    const address = { host: '203.0.113.7', port: 0 };
    const refused = listening('the API', '--api-listen', address, () =>
      listen(createServer(), 0, address.host),
    );
    await expect(refused).rejects.toThrow('this machine does not have that address');
  });
});
