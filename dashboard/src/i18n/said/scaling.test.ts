import { expect, it } from 'vitest';
import { inChinese } from './zh.ts';

/** As the manager says them, and what a page in Chinese says. */
const SAID: readonly (readonly [english: string, chinese: string])[] = [
  ['CPU: 90 % on average, over 70 %', 'CPU：平均 90 %，高于 70 %'],
  ['release 1, CPU: 90 % on average, over 70 %', '发布 1，CPU：平均 90 %，高于 70 %'],
  [
    'CPU: 90 % on average, over 70 %; memory: 85 % on average, over its target of 60 %',
    'CPU：平均 90 %，高于 70 %；内存：平均 85 %，高于目标 60 %',
  ],
  [
    'release 1, requests: 41.2/s on average, over 30/s; release 2, requests: 38/s on average, over 30/s',
    '发布 1，请求：平均 41.2/s，高于 30/s；发布 2，请求：平均 38/s，高于 30/s',
  ],
  [
    'CPU: 50 % on average, under 60 %, but with one less it would be 100 %: it would become more again.',
    'CPU：平均 50 %，低于 60 %，但少一个就会达到 100 %，那样又会增加。',
  ],
  [
    'CPU: 1 % on average, which would be few enough, but no figures of web_2 (its host h2 is silent): no fewer.',
    'CPU：平均 1 %，本来可以减少，但没有 web_2 的数据（它所在的主机 h2 没有消息），因此不减少。',
  ],
  [
    'release 2, CPU: no container is ready, so the number stays.',
    '发布 2，CPU：没有就绪的容器，因此数量不变。',
  ],
  [
    'latency (p95): no figures of routers, so the number stays.',
    '延迟（p95）：没有路由器的数据，因此数量不变。',
  ],
  [
    'latency (p95): 100 ms (no figures of the router on edge1, edge2).',
    '延迟（p95）：100 ms（没有 edge1, edge2 上路由器的数据）。',
  ],
  ['latency (p95): 300 ms, over 200 ms.', '延迟（p95）：300 ms，高于 200 ms。'],
  [
    'latency (p95): 20 ms, and 2 not ready yet: the number stays.',
    '延迟（p95）：20 ms，2 个尚未就绪：数量不变。',
  ],
  [
    'received: 3.4 MB/s on average, 1.7 MB/s once all 4 do their share, over its target of 1 MB/s.',
    '接收流量：平均 3.4 MB/s，4 个都分担后为 1.7 MB/s，高于目标 1 MB/s。',
  ],
  [
    'sent: 3.4 KB/s on average, 1.7 KB/s once all 4 do their share (2 not ready yet).',
    '发送流量：平均 3.4 KB/s，4 个都分担后为 1.7 KB/s（2 个尚未就绪）。',
  ],
  [
    'memory: 40 % on average (no figures of shop_web_2 and 3 more (the agent of its host h2 is too old to measure: upgrade it)).',
    '内存：平均 40 %（没有 shop_web_2 等的数据，另有 3 个（它所在主机 h2 的代理程序太旧，无法测量：请升级））。',
  ],
  ['requests: 12/s on average, between 5/s and 20/s.', '请求：平均 12/s，在 5/s 和 20/s 之间。'],
  [
    'CPU: 10 % on average, under its target of 50 %, and there is but one.',
    'CPU：平均 10 %，低于目标 50 %，但只有一个。',
  ],
  ['It gets no fewer because of latency (p95).', '不减少，原因：延迟（p95）。'],
  ['While a release goes out it gets no fewer.', '发布进行期间不减少。'],
  ['More than 8 it may not have.', '不能多于 8 个。'],
  ['1 container, from 1 to 10.', '1 个容器，限度为 1 到 10 个。'],
  [
    '2 containers, from 6 to 10 (weekdays 08:00-20:00 Europe/Berlin: at least 6; daily 09:00-18:00 UTC: at least 6).',
    '2 个容器，限度为 6 到 10 个（工作日 08:00-20:00 Europe/Berlin：至少 6 个；每天 09:00-18:00 UTC：至少 6 个）。',
  ],
  ['That is fewer than 6, its least: it goes to 6 now.', '这少于下限（6）：现在改为 6 个。'],
  ['fewer than 6, its least', '少于下限（6）'],
  ['It would go to 3 in 115 s if that stays so.', '如果保持这样，115 秒后将改为 3 个。'],
  ['It goes to 3 now.', '现在改为 3 个。'],
  ['It stays so.', '数量保持不变。'],
  ['nothing asks for another number', '没有规则要求改变数量'],
  [
    '0 containers: it was set to 0 by hand: its number rests until it is set to another one.',
    '0 个容器：已手动设为 0，在改为其他数量之前不再变化。',
  ],
  ['mon,wed 22:00-06:00 Asia/Shanghai: at least 6', 'mon,wed 22:00-06:00 Asia/Shanghai：至少 6 个'],
  [
    '"Moon/Base" is no time zone: write one such as Europe/Berlin',
    '的时区“Moon/Base”不存在：请写成 Europe/Berlin 这样',
  ],
  ['by hand', '手动'],
  ['scale, set by hand', '数量（手动设置）'],
  ['scale_out by 2', '扩容 2 个'],
];

it.each(SAID)('%s', (english, chinese) => {
  expect(inChinese(english)).toBe(chinese);
});
