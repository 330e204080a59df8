import { expect, it } from 'vitest';
import { inChinese } from './zh.ts';

it.each([
  // Of containers: in a run's row, behind a number, behind a name.
  ['ended with 3', '已退出（退出码 3）'],
  ['container 1 ended with 3', '容器 1 已退出（退出码 3）'],
  [
    'container 1 ended with 3, and its restart policy leaves it so',
    '容器 1 已退出（退出码 3），而它的重启策略不再启动它',
  ],
  ['container 2 is unhealthy: HTTP 503', '容器 2 不健康（HTTP 503）'],
  ['container 1 is being made, though there was time enough', '容器 1 正在创建，已超时'],
  ['shop_db_1 ended with 3', 'shop_db_1 已退出（退出码 3）'],
  ['shop_db_1 ended with 137, and is started again', 'shop_db_1 已退出（退出码 137），正在重新启动'],
  ['shop_db_1 has ended, and was started again', 'shop_db_1 曾退出，已被重新启动'],
  ['shop_db_1 was stopped by hand', 'shop_db_1 已被手动停止'],
  ['shop_db_1 is not live: exit 1', 'shop_db_1 未通过存活检查（退出码 1）'],
  ['shop_db_1 is unhealthy: no answer within 2.5 s', 'shop_db_1 不健康（2.5 秒内没有应答）'],
  ['shop_web_1 is being made, though there was time enough', 'shop_web_1 正在创建，已超时'],
  [
    'shop_web_1 is not healthy yet: the connection was closed without an answer, though there was time enough',
    'shop_web_1 尚未就绪（连接被关闭，没有应答），已超时',
  ],
  // An engine's own words.
  ['container 1 no such device', '容器 1 no such device'],
  ['shop_db_1 no such device', 'shop_db_1 no such device'],
  [
    'shop_db_1 ended with 127: exec: "x": not found in $PATH',
    'shop_db_1 已退出（退出码 127）：exec: "x": not found in $PATH',
  ],
  // What is waited for.
  ['waits for migrate, whose release has failed', '等待 migrate，但它的发布已失败'],
  ['waits for migrate (to end well)', '等待 migrate 正常结束'],
  ['waits for db, which is not in the stack', '等待 db，但应用栈中没有这个服务'],
  ['waits for db (to be started): shop_db_1 ended with 3', '等待 db 启动：shop_db_1 已退出（退出码 3）'],
  [
    'waits for web (to be ready): waits for db (to be started): no host fits shop_db_1: 3 hosts: cordoned',
    '等待 web 就绪：等待 db 启动：没有主机适合 shop_db_1：3 台主机：已停止调度',
  ],
  ['image web:2 is being pulled on h2', '正在 h2 上拉取镜像 web:2'],
  [
    'image missing:1 cannot be pulled on a: no basic auth credentials',
    '无法在 a 上拉取镜像 missing:1：no basic auth credentials',
  ],
  [
    'image web:2 is on no host that fits: build it with "docker build" or "docker-compose build"',
    '合适的主机上都没有镜像 web:2：请用“docker build”或“docker-compose build”构建',
  ],
  [
    'image web:2 is on no host that fits, and is not to be pulled',
    '合适的主机上都没有镜像 web:2，并且设置为不拉取',
  ],
  ['no host that would take it has the image web:2', '可以接收它的主机上都没有镜像 web:2'],
  [
    'external network front is not there: make it with "docker network create front", or take external from networks.web',
    '外部网络 front 不存在：请用“docker network create front”创建，或从 networks.web 中去掉 external',
  ],
  ['config site is not there any more: make it anew', '配置 site 已不存在：请重新创建'],
  // What a deployment means.
  ['network shop_back is made anew', '网络 shop_back 会重新创建'],
  [
    'volume shop_data stays: "berth volume rm shop_data" deletes it',
    '卷 shop_data 会保留：“berth volume rm shop_data”可以删除它',
  ],
  [
    'service web: shop.example.com is served without TLS: the routers have no port for TLS: "berth settings set routerTlsPort=443"',
    '服务 web：shop.example.com 没有 TLS：路由器没有 TLS 端口：“berth settings set routerTlsPort=443”',
  ],
  [
    'service dns: nothing listens on port 53 (udp): the router has no UDP',
    '服务 dns：端口 53（udp）上没有监听：路由器不支持 UDP',
  ],
  [
    'service web: api leads to its containers themselves, without a router: other containers reach it at port 8080',
    '服务 web：api 不经过路由器，直接通往它的容器：其他容器通过端口 8080 访问',
  ],
  // Of releases.
  ['by release 7', '被发布 7 取代'],
  ['by ana', '由 ana 操作'],
  ['30 % of the requests go to it, as ana has set', '30 % 的请求转到它，由 ana 设置'],
  ['for somebody to confirm it, or to go back', '等待有人确认，或者回滚'],
  ['3 requests are too few to judge it by, it takes 20', '只有 3 个请求，不足以判断，至少需要 20 个'],
  [
    '12.5 % of its 60 requests ended in errors, 0 % of those before it',
    '它的 60 个请求中有 12.5 % 出错，旧版本为 0 %',
  ],
  ['50 % of its 60 requests ended in errors, over 5 %', '它的 60 个请求中有 50 % 出错，超过 5 %'],
  [
    'its 95th percentile is 420 ms, that of those before it 100 ms',
    '它的 95 % 响应时间为 420 毫秒，旧版本为 100 毫秒',
  ],
  // Of runs.
  ['run 4 went on', '第 4 次运行尚未结束'],
  ['by run 5', '被第 5 次运行取代'],
  ['took longer than 120 s', '运行超过 120 秒'],
  ['nobody was there at its time', '到时间时管理节点没有运行'],
  ['its host was lost', '它所在的主机已失联'],
])('%s', (english, chinese) => {
  expect(inChinese(english)).toBe(chinese);
});
