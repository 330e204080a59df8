// A process full of connections that do nothing: `node idle-clients.mjs '[{"count":9,"to":{"path":"x.sock"},"say":"G"}]'`.
// Prints "open" once each has been opened, or has failed to; holds them until it is killed.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** At the same time: a listening socket's queue has 511 places. */
const OPENING = 100;

/** Resolves when it is open, or cannot be; `say` goes out as it is, and is all that it ever says. */
function open({ to, tls, say }) {
  return new Promise((resolve) => {
    const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    const done = () => {
      if (say !== undefined && !socket.destroyed) socket.write(Buffer.from(say, 'latin1'));
      resolve();
    };
    socket.once(tls ? 'secureConnect' : 'connect', done);
    socket.once('error', done);
    socket.once('close', done);
    socket.on('error', () => undefined);
    socket.resume();
  });
}

const all = JSON.parse(process.argv[2]).flatMap(({ count, ...one }) =>
  Array.from({ length: count }, () => one),
);
await Promise.all(
  Array.from({ length: OPENING }, async () => {
    for (let one = all.pop(); one !== undefined; one = all.pop()) await open(one);
  }),
);
console.log('open');
setInterval(() => undefined, 1 << 30);
