import { expect, it } from 'vitest';
import { dialReason } from './dial-reason.ts';

it('keeps the reason of an OpenSSL error, and other messages whole', () => {
  const line =
    '800C2BD9D77F0000:error:0A000460:SSL routines:ssl3_read_bytes:tlsv1 alert no application protocol:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 120';
  expect(dialReason(new Error(line))).toBe('tlsv1 alert no application protocol');
  expect(dialReason(new Error('connect ECONNREFUSED 10.0.0.1:1'))).toBe('connect ECONNREFUSED 10.0.0.1:1');
});
