import { expect, it } from 'vitest';
import { inChinese } from './zh.ts';

it.each([
  [
    'no host fits web: 3 hosts: not enough memory (asked 8 GiB, most free 2 GiB); 2 hosts: rack==r1 not met; 1 host: down',
    '没有主机适合 web：3 台主机：内存不足（需要 8 GiB，最多空闲 2 GiB）；2 台主机：不满足 rack==r1；1 台主机：宕机',
  ],
  ['no host fits web: the cluster has no hosts', '没有主机适合 web：集群中没有主机'],
  [
    'no host fits web: 2 hosts: max_replicas_per_node 1 reached',
    '没有主机适合 web：2 台主机：已达到 max_replicas_per_node 1',
  ],
  ['no host fits web: 1 host: volume data is on b', '没有主机适合 web：1 台主机：卷 data 在 b 上'],
  // A plugin's own words.
  [
    'no host fits web: 3 hosts: tenants: not paid for by tenant nobody',
    '没有主机适合 web：3 台主机：tenants: not paid for by tenant nobody',
  ],
  ['not enough memory (asked 1 GiB, free 0 B)', '内存不足（需要 1 GiB，空闲 0 B）'],
  ['not enough CPU (asked 2.5 cores, free 1 core)', 'CPU 不足（需要 2.5 核，空闲 1 核）'],
  ['not enough CPU (asked 4 cores, most free 0 cores)', 'CPU 不足（需要 4 核，最多空闲 0 核）'],
  [
    'too small for the memory limit (8 GiB, largest host 4 GiB)',
    '小于内存上限（上限 8 GiB，最大的主机共 4 GiB）',
  ],
  ['too small for the CPU limit (8 cores, host 4 cores)', '小于 CPU 上限（上限 8 核，主机共 4 核）'],
  ['not ready yet (pending)', '尚未就绪'],
  ['not heard of in time (suspect)', '没有按时通信（可疑）'],
  ['cordoned', '已停止调度'],
  ['port 80/tcp is taken', '端口 80/tcp 已被占用'],
  ['port 80/tcp is taken by the router', '端口 80/tcp 已被路由器占用'],
  ['port 8000-8010/tcp on 10.0.0.1 is taken', '10.0.0.1 的端口 8000-8010/tcp 已被占用'],
  ['no free container slot (label containerslots)', '容器数已达到上限（标签 containerslots）'],
  ['no container "db" there (--link=db)', '上面没有容器“db”（--link=db）'],
  ['affinity container!=db not met', '不满足亲和条件 container!=db'],
  ['disk!=~hdd not met', '不满足 disk!=~hdd'],
  [
    'availability az==3 not met (replicas are in 2 so far, one is here)',
    '不满足可用性条件 az==3（副本目前分布在 2 处，这里已有一个）',
  ],
  ['availability az==3 not met (no label az)', '不满足可用性条件 az==3（没有标签 az）'],
  ['not in the whitelist node==a|b', '不在白名单 node==a|b 中'],
  ['network back is on h1, h2, h3 and 2 more', '网络 back 在 h1, h2, h3 等主机上，另有 2 台'],
  ['volume data is nowhere', '卷 data 不在任何主机上'],
  ['network driver xoverlay: its agent does not have it', '网络驱动 xoverlay：它的代理程序没有此驱动'],
  ['network driver xoverlay: its agent is of an older release', '网络驱动 xoverlay：它的代理程序版本较旧'],
  ['image web:2 is not there', '上面没有镜像 web:2'],
])('%s', (english, chinese) => {
  expect(inChinese(english)).toBe(chinese);
});
