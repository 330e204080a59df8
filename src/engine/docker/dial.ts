import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { BerthError } from '../../kit/errors.ts';

/** Opens one raw connection to an engine. Connections allow half-close: attach and exec need it. */
export type Dial = () => Promise<Duplex>;

const DIAL_TIMEOUT_MS = 10_000;

/**
 * A dialler for `unix:///path/to/docker.sock` or `tcp://host:port` (plain TCP: loopback and tests only).
 * @throws BerthError `bad_request` for any other address
 */
export function dialerFor(address: string): Dial {
  const unix = /^unix:\/\/(\/.+)$/.exec(address);
  if (unix?.[1] !== undefined) return dialer({ path: unix[1] });
  const tcp = /^tcp:\/\/(?:\[([0-9a-f:.]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/i.exec(address);
  const host = tcp?.[1] ?? tcp?.[2];
  const port = Number(tcp?.[3]);
  if (host === undefined || port < 1 || port > 65535) {
    throw new BerthError('bad_request', `"${address}" is not the address of a Docker Engine`, {
      hint: 'use unix:///var/run/docker.sock or tcp://127.0.0.1:2375',
    });
  }
  return dialer({ host, port, noDelay: true });
}

function dialer(target: { path: string } | { host: string; port: number; noDelay: boolean }): Dial {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect({ ...target, allowHalfOpen: true });
      const timer = setTimeout(
        () => socket.destroy(new Error(`no connection within ${DIAL_TIMEOUT_MS / 1000} s`)),
        DIAL_TIMEOUT_MS,
      );
      const onError = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      socket.once('error', onError);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', onError);
        resolve(socket);
      });
    });
}
