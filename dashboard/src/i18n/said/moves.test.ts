import { expect, it } from 'vitest';
import { inChinese } from './zh.ts';

/** As the manager says them, and what a page in Chinese says. */
const SAID: readonly (readonly [english: string, chinese: string])[] = [
  ['it is stopped: what it has written is on this host', '它已停止：它写入的内容在这台主机上'],
  ['it was started with --rm: to stop it would remove it', '它以 --rm 启动：停止就会删除它'],
  ['no other host is better', '没有更合适的主机'],
  [
    'it goes with name-data, which stays: no host has reported its volume files',
    '它与 name-data 一起，后者留在原处：没有主机报告过它的卷 files',
  ],
  [
    'it was moved by somebody else meanwhile; back on h1: the port is taken',
    '其间已被别人迁移；退回 h1 时：the port is taken',
  ],
  ['h2: the port is taken', 'h2: the port is taken'],
  ['h2: the port is taken; back on h1: it is gone', 'h2: the port is taken；退回 h1 时：它已不存在'],
];

it.each(SAID)('%s', (english, chinese) => {
  expect(inChinese(english)).toBe(chinese);
});
