// Asks for one name after the other until each leads to an address, every 2 ms, and prints "NAME MILLISECONDS":
// node when-named.mjs SERVER NAME…
import { createSocket } from 'node:dgram';

const [, , server, ...names] = process.argv;

function question(name, id) {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

for (const name of names) {
  await new Promise((resolve) => {
    const socket = createSocket('udp4');
    let id = 0;
    const timer = setInterval(() => socket.send(question(name, ++id & 0xffff), 53, server), 2);
    socket.on('error', () => {});
    socket.on('message', (answer) => {
      if (answer.readUInt16BE(6) === 0) return;
      console.log(`${name} ${performance.timeOrigin + performance.now()}`);
      clearInterval(timer);
      socket.close(resolve);
    });
  });
}
