import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BerthError } from '../../kit/errors.ts';
import { silentLogger as logger } from '../../kit/logger.ts';
import { type Handlers, type PluginServer, servePlugin } from './plugin-server.ts';

let folder: string;
let path: string;
let servers: PluginServer[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-plugin-'));
  path = join(folder, 'plugins', 'x.sock');
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.close();
  await rm(folder, { recursive: true });
});

async function serve(handlers: Handlers, timeoutMs?: number): Promise<PluginServer> {
  const server = await servePlugin({
    path,
    handlers,
    logger,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  servers.push(server);
  return server;
}

function post(name: string, body: string, method = 'POST'): Promise<{ status: number; answer: unknown }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: path, path: `/${name}`, method, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, answer: JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe("Docker's plugin protocol", () => {
  it('is answered in JSON', async () => {
    await serve({ 'Plugin.Activate': () => ({ Implements: ['NetworkDriver'] }), echo: (body) => body });
    expect(await post('Plugin.Activate', '')).toEqual({
      status: 200,
      answer: { Implements: ['NetworkDriver'] },
    });
    expect(await post('echo', '{"a":1}')).toEqual({ status: 200, answer: { a: 1 } });
  });

  it('tells errors with what to do next', async () => {
    await serve({
      sad: () => {
        throw new BerthError('conflict', 'it is taken', { hint: 'take another' });
      },
      odd: (body) => z.object({ NetworkID: z.string() }).parse(body),
    });
    expect(await post('sad', '{}')).toEqual({ status: 500, answer: { Err: 'it is taken: take another' } });
    expect(await post('odd', '{"NetworkID":1}')).toMatchObject({
      answer: { Err: expect.stringMatching(/^NetworkID: /) },
    });
    expect(await post('odd', '{')).toMatchObject({ answer: { Err: 'the body is not JSON: {' } });
    expect(await post('toString', '{}')).toMatchObject({ status: 404 });
    expect(await post('sad', '', 'GET')).toMatchObject({ status: 404 });
    expect(await post('odd', 'x'.repeat((1 << 20) + 1))).toMatchObject({
      answer: { Err: expect.stringMatching(/over 1048576 bytes/) },
    });
  });

  it('refuses a request whose body the engine has lost, before anybody takes it for another one', async () => {
    const asked: unknown[] = [];
    await serve({ 'IpamDriver.RequestPool': (body) => asked.push(body) });
    for (const nothing of ['', ' \n'])
      expect(await post('IpamDriver.RequestPool', nothing)).toEqual({
        status: 500,
        answer: {
          Err: 'the engine has sent IpamDriver.RequestPool without its body, as it does where the agent ended while it was asked: try again',
        },
      });
    expect(asked).toEqual([]);
  });

  it('keeps no connection that it might close under the next request', async () => {
    await serve({ who: () => ({}) });
    const agent = new Agent({ keepAlive: true });
    const sockets = new Set<unknown>();
    for (let i = 0; i < 3; i++)
      await new Promise<void>((resolve, reject) => {
        const sent = request({ socketPath: path, path: '/who', method: 'POST', agent }, (response) => {
          sockets.add(response.socket);
          expect(response.headers.connection).toBe('close');
          response.resume().on('close', resolve);
        });
        sent.on('error', reject);
        sent.end('{}');
      });
    expect(sockets.size).toBe(3);
    agent.destroy();
  });

  it('answers what it was asked before it closes, and waits for nothing that hangs', async () => {
    const asked: string[] = [];
    let answer: (value: unknown) => void = () => {};
    const server = await serve({
      who: () => {
        asked.push('who');
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      hangs: () => {
        asked.push('hangs');
        return new Promise(() => {});
      },
    });
    const answered = post('who', '{}');
    const cut = post('hangs', '{}').catch((thrown: Error) => thrown.message);
    await expect.poll(() => asked.length).toBe(2);
    const closed = server.close();
    answer({ name: 'first' });
    expect(await answered).toEqual({ status: 200, answer: { name: 'first' } });
    await closed;
    expect(await cut).toMatch(/socket hang up|ECONNRESET/);
  });

  it('answers in bounded time, whatever hangs', async () => {
    await serve({ slow: () => new Promise(() => {}) }, 50);
    expect(await post('slow', '{}')).toMatchObject({ answer: { Err: 'slow took over 0.05 s' } });
  });
});

describe('its socket', () => {
  it('replaces what a dead agent has left, and goes with its server', async () => {
    const first = await serve({ who: () => ({ name: 'first' }) });
    await first.close();
    expect(existsSync(path)).toBe(false);
    await writeFile(path, 'stale');
    await serve({ who: () => ({ name: 'second' }) });
    expect(await post('who', '{}')).toMatchObject({ answer: { name: 'second' } });
  });

  it('is left to a program that serves it', async () => {
    await serve({ who: () => ({ name: 'first' }) });
    await expect(serve({ who: () => ({ name: 'second' }) })).rejects.toThrow(
      /another program serves .*x.sock/,
    );
    expect(await post('who', '{}')).toMatchObject({ answer: { name: 'first' } });
  });
});
