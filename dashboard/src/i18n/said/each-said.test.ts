import { expect, it } from 'vitest';
import { eachSaid } from './each-said.ts';
import { inChinese } from './zh.ts';

it('says each of several sentences, and leaves what it knows none of', () => {
  expect(eachSaid(inChinese, 'no heartbeat for 6 s; and to 2 more hosts; the disk is on fire')).toBe(
    '6 秒没有心跳；到另外 2 台主机的线路也不通；the disk is on fire',
  );
  expect(eachSaid(inChinese, 'a; b')).toBe('a; b');
  expect(eachSaid((text) => text, 'no heartbeat for 6 s; b')).toBe('no heartbeat for 6 s; b');
});
