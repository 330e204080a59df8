import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { portOwner } from './port-owner.ts';

describe('portOwner', () => {
  it('names the process that listens, and nobody once it has stopped', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    expect(portOwner(address.port)).toMatch(new RegExp(`\\(pid ${process.pid}\\)$`));
    await new Promise((resolve) => server.close(resolve));
    expect(portOwner(address.port)).toBeUndefined();
  });
});
