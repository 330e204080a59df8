// A name server: every name under .example is 198.51.100.7, and there is no other: node upstream.mjs ADDRESS
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (question, { address, port }) => {
  let at = 12;
  const labels = [];
  while (question[at]) {
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]));
    at += question[at] + 1;
  }
  const asked = question.subarray(12, at + 5);
  const known = labels.at(-1)?.toLowerCase() === 'example' && question[at + 2] === 1;
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(known || labels.at(-1)?.toLowerCase() === 'example' ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(known ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const answer = known ? Buffer.from('c00c000100010000003c0004c6336407', 'hex') : Buffer.alloc(0);
  socket.send(Buffer.concat([header, asked, answer]), port, address);
});
socket.bind(53, process.argv[2]);
