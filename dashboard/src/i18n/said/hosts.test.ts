import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../pages/overview/name-links.ts';
import { inChinese } from './zh.ts';

const says = (table: readonly (readonly [text: string, chinese: string])[]) => {
  for (const [text, chinese] of table) expect([text, inChinese(text)]).toEqual([text, chinese]);
};

describe('the warnings of the overview', () => {
  it('are Chinese', () => {
    says([
      ['host H2 is down: no heartbeat for 6 s', '主机 H2：已宕机，6 秒没有心跳'],
      [
        'hosts h1, h2 and 3 more are down: no connection: the agent closed the connection',
        '主机 h1, h2 等，另有 3 台：已宕机，没有连接：代理程序关闭了连接',
      ],
      [
        'host h1 is suspect: its Docker Engine does not answer: no answer to a ping within 5 s',
        '主机 h1：状态可疑，它的 Docker 引擎没有应答：5 秒内没有应答 ping',
      ],
      ['host h1 has not told of itself yet', '主机 h1：尚未报告用量'],
      [
        'routers that have not told of all of the last minute: h1, h2',
        '尚未报告完最近一分钟的路由器：h1, h2',
      ],
      [
        'host h1 is down: silent for 2.3 s, and those that could reach its machine cannot any more',
        '主机 h1：已宕机，2.3 秒没有消息，原本能到达这台机器的其他主机也都到不了了',
      ],
      [
        'hosts h1, h2: too many hosts vanished at once, 2 of 3 are still away: nothing is moved until they are back, or "berth node failover" names those that are gone',
        '主机 h1, h2：同时失联的主机太多，3 台中仍有 2 台没有恢复：在它们恢复之前不迁移任何容器；确实已不在的，请用“berth node failover”指明',
      ],
      [
        'host alpha: 2 containers not moved: db: it has ended by itself',
        '主机 alpha：2 个容器未能迁移：db：它已自行结束',
      ],
      [
        'host h1 was down 2 times within an hour: gets nothing new before 2026-01-01T12:00:00.000Z',
        '主机 h1 一小时内宕机 2 次：2026-01-01T12:00:00.000Z 之前不会分到新的容器',
      ],
      [
        'host h1 has a broken data path to h3 (192.0.2.3) since 12:01 UTC: no answer within 1 s',
        '主机 h1 到 h3（192.0.2.3）的线路自 12:01（UTC）起不通：1 秒内没有应答',
      ],
      [
        'hosts h1, h2: each has a broken data path to h3 (192.0.2.3) since 12:01 UTC: no answer',
        '主机 h1, h2：各自到 h3（192.0.2.3）的线路自 12:01（UTC）起不通：没有应答',
      ],
      ['host h1 and to 2 more hosts', '主机 h1 到另外 2 台主机的线路也不通'],
      [
        'host h3 has a wire with MTU 1400 at 192.0.2.3, too small for network x1 (MTU 1450, which needs 1500 there): raise the MTU of that interface, or make the network anew with --opt mtu=1350',
        '主机 h3 在 192.0.2.3 的线路 MTU 为 1400，不足以承载网络 x1（MTU 为 1450，在线路上需要 1500）：请调大该网卡的 MTU，或以 --opt mtu=1350 重建网络',
      ],
      ['host h3 and for 1 more network', '主机 h3 的线路对另外 1 个网络也不足'],
      [
        "host h1 has by plain docker what is another's: Address already in use: 10.7.0.2 of network x1 is held by container db on host h2, and 1 more",
        '主机 h1 通过普通 docker 占用了属于别人的资源：网络 x1 的地址 10.7.0.2 已被占用：主机 h2 上的容器 db，另有 1 项',
      ],
      [
        'hosts h1, H2: the router does not run: image haproxy:9 is not there',
        '主机 h1, H2：路由器没有运行：上面没有镜像 haproxy:9',
      ],
      [
        'no host has joined: "berth token create" prints how to add one',
        '还没有主机加入：“berth token create”会给出添加主机的命令',
      ],
      ['no host is ready: nothing can be placed', '没有就绪的主机：无处放置容器'],
      [
        'a.example.com/x has no container to lead to: see "berth service ps s/web"',
        'a.example.com/x 没有可以转发到的容器：请看“berth service ps s/web”',
      ],
      [
        ':5432 has no target to lead to: see "berth lb inspect crm"',
        ':5432 没有可以转发到的目标：请看“berth lb inspect crm”',
      ],
      [
        '2 containers run on that this database does not know (a backup was put back): "berth orphan ls" lists them',
        '2 个容器仍在运行，但管理节点的数据库不认识它们（恢复过备份）：“berth orphan ls”可列出',
      ],
      ['1 container is not on the host where it should be', '1 个容器不在应在的主机上'],
      ['3 containers are not on the hosts where they should be', '3 个容器不在应在的主机上'],
      [
        'containers crash, web.1 end soon after each start: "docker logs crash" may say why',
        '容器 crash, web.1：每次启动后很快就退出，“docker logs crash”也许能看出原因',
      ],
      ['container sick is unhealthy', '容器 sick：不健康'],
      ['service s/web1: release 1 is failed: web1.1', '服务 s/web1：发布 1 失败：web1.1'],
      [
        'services s/job1, s/job2 and 3 more: their releases are paused: job',
        '服务 s/job1, s/job2 等，另有 3 个：它们的发布已暂停：job',
      ],
    ]);
  });

  it('have links at their names still', () => {
    const text = inChinese('hosts h1, h10 and 3 more are down: no heartbeat for 6 s');
    expect(piecesOf(text, ['h1', 'h10']).flatMap(({ name }) => name ?? [])).toEqual(['h1', 'h10']);
    const route = inChinese('a.example.com has no container to lead to: see "berth service ps s/web"');
    expect(piecesOf(route, ['a.example.com'])[0]).toEqual({ text: 'a.example.com', name: 'a.example.com' });
  });
});

it('what is said of certificates is Chinese', () => {
  says([
    ['certificate a is not issued: the CA: no such name', '证书 a 尚未取得：the CA: no such name'],
    [
      'certificate a is not renewed (it ends at 1970-04-12 00:00): no ingress host answers what the CA wants to see -> see "berth status" for hosts and their routers',
      '证书 a 没有续期（将于 1970-04-12 00:00 过期）：没有入口主机应答 CA 要查看的内容 → 请用“berth status”查看主机及其路由器',
    ],
    [
      'certificate a has ended, at 1970-04-12 00:00: give a newer one, "berth cert add a"',
      '证书 a 已于 1970-04-12 00:00 过期：请上传更新的证书，“berth cert add a”',
    ],
    [
      'certificate a ends at 1970-04-12 00:00: nothing wants it any more: "berth cert rm a"',
      '证书 a 将于 1970-04-12 00:00 过期：已经没有用处：“berth cert rm a”',
    ],
    [
      'the CA has not come to an end within 180 s -> nothing to do: the order is looked at again',
      'CA 在 180 秒内没有完成 → 无需处理：会再次查看申请的结果',
    ],
  ]);
});

it('why targets get no requests is Chinese', () => {
  says([
    [
      'container web does not publish port 80: start it with "-p 80", or attach its own address',
      '容器 web 没有发布端口 80：请以“-p 80”启动它，或添加它自己的地址',
    ],
    ['the name cannot be looked up: it has no address', '名称无法解析：它没有地址'],
  ]);
  expect(
    inChinese(
      'it fails its check: hosts h1, h2 say: no answer to a connection in time; host h3 says: HTTP 503',
    ),
  ).toBe('检查未通过：主机 h1, h2：没有及时建立连接；主机 h3：HTTP 503');
});

it('why orphans cannot be adopted is Chinese', () => {
  says([
    ['its host does not know any more how it was made', '它的主机已不知道它是如何创建的'],
    [
      'another container is called web: rename that one (docker rename)',
      '另一个容器也叫 web：请给那一个改名（docker rename）',
    ],
    [
      'its address 10.1.0.2 of network x1 is held by a reservation for db',
      '它在网络 x1 中的地址 10.1.0.2 已被占用：为 db 所作的预留',
    ],
    [
      'its address 10.1.0.2 of network x1 is held by container db, which is gone',
      '它在网络 x1 中的地址 10.1.0.2 已被占用：已不存在的容器 db',
    ],
  ]);
});

it('what is said of a host is Chinese, sentence by sentence', () => {
  says([
    [
      'connection lost: the other end closed the session; was down 3 times within an hour: gets nothing new before 2026-01-01T12:00:00.000Z; 1 container not moved: db: waits behind others that found no room',
      '连接中断：对方关闭了会话；一小时内宕机 3 次：2026-01-01T12:00:00.000Z 之前不会分到新的容器；1 个容器未能迁移：db：前面还有其他容器没有找到位置，正在等待',
    ],
    [
      'has a broken data path to h2 (192.0.2.2) since 12:01 UTC: packets of full size (1450 bytes) do not get through encrypted VXLAN, small ones do: something on the way has a smaller MTU; raise that, or make the networks anew with a smaller --opt mtu; and to 2 more hosts',
      '到 h2（192.0.2.2）的线路自 12:01（UTC）起不通：加密的 VXLAN 传不过最大长度的报文（1450 字节），小报文可以：途中某处的 MTU 更小；请调大那里的 MTU，或以更小的 --opt mtu 重建网络；到另外 2 台主机的线路也不通',
    ],
    [
      'no answer within 1 s, neither through encrypted VXLAN (ESP (IP protocol 50)) nor by TCP',
      '1 秒内没有应答，加密的 VXLAN（ESP（IP 协议 50））和 TCP 都是如此',
    ],
    [
      'its machine answers, but VXLAN does not get through: let UDP 4789 through between the two, both ways',
      '对方机器有应答，VXLAN 却不通：请在两者之间双向放行 UDP 4789',
    ],
    [
      'no answer within 1 s, and never one before: VXLAN needs UDP 4789 between the two, and this look TCP 4789',
      '1 秒内没有应答，之前也从未有过：VXLAN 需要两者之间放行 UDP 4789，这项检查还需要 TCP 4789',
    ],
    ['the router goes on as it was: HAProxy says "no"', '路由器保持原样运行：HAProxy 报告“no”'],
    [
      'openvswitch: Open vSwitch is not installed ("apt-get install openvswitch-switch"); bridge: this kernel has no bridges ("modprobe bridge" may bring them): denied',
      'openvswitch：没有安装 Open vSwitch（“apt-get install openvswitch-switch”）；bridge：此内核不支持网桥（“modprobe bridge”也许可以加载）：denied',
    ],
  ]);
});

it('what is found between two containers is Chinese', () => {
  says([
    ['both run', '两个容器都在运行'],
    [
      'db on host h2 is exited; web on host h1 is not reported by its host yet',
      '主机 h2 上的 db 已退出；主机 h1 上的 web 尚未由主机上报',
    ],
    ['start it: docker start db web', '启动它：docker start db web'],
    ['both are in shop, back', '都在网络 shop, back 中'],
    [
      'they have no network in common: web is in shop; db is in none',
      '它们没有共同的网络：web 在网络 shop 中；db 不在任何网络中',
    ],
    ['db has 10.1.0.3 in shop', 'db 在网络 shop 中的地址是 10.1.0.3'],
    ['web finds it: db is 10.1.0.3', 'web 能解析名称：db 是 10.1.0.3'],
    [
      'in web the name db leads to 10.1.0.4, 10.1.0.5, not to 10.1.0.3',
      '在 web 中，名称 db 指向 10.1.0.4, 10.1.0.5，而不是 10.1.0.3',
    ],
    ['web does not find the name db', 'web 找不到名称 db'],
    ['the name server of web (127.0.0.11) does not answer', 'web 的 DNS 服务器（127.0.0.11）没有应答'],
    [
      'the data path from host h1 to host h2 works, 0.4 ms there and back',
      '从主机 h1 到主机 h2 的线路正常，往返 0.4 毫秒',
    ],
    [
      'the data path from host h1 to host h2 (192.0.2.2) is broken: no answer',
      '从主机 h1 到主机 h2（192.0.2.2）的线路不通：没有应答',
    ],
    ['db listens on 0.0.0.0:80', 'db 监听 0.0.0.0:80'],
    ['db listens on 127.0.0.1:80 only, which others do not reach', 'db 只监听 127.0.0.1:80，别人无法访问'],
    [
      'nothing in db listens on port 80; it listens on 81, 443',
      'db 中没有程序监听端口 80；它监听的是 81, 443',
    ],
    ['web connects to [fd00::3]:80 in 1.2 ms', 'web 在 1.2 毫秒内连接到 [fd00::3]:80'],
    [
      'db answers, and refuses the connection to 10.1.0.3:80: nobody listens there',
      'db 有应答，但拒绝到 10.1.0.3:80 的连接：那里没有程序在监听',
    ],
    [
      'db answers at 10.1.0.3, but says nothing at 10.1.0.3:80',
      'db 在 10.1.0.3 有应答，但 10.1.0.3:80 没有任何回应',
    ],
    ['nothing comes back from 10.1.0.3:80', '10.1.0.3:80 没有任何回应'],
  ]);
  for (const [hint, chinese] of [
    [
      'let UDP port 4789 through between the hosts, and ESP where the network is encrypted; see "berth node inspect"',
      '请在主机之间放行 UDP 端口 4789，网络加密时还要放行 ESP；详见“berth node inspect”',
    ],
    [
      'a firewall drops it: look at the rules of hosts h1 and h2 (iptables -L -v, nft list ruleset), and at those in db',
      '防火墙丢弃了报文：请检查主机 h1 和 h2 的规则（iptables -L -v、nft list ruleset），以及 db 中的规则',
    ],
    ['docker network connect back web', 'docker network connect back web'],
  ] as const)
    expect(inChinese(hint)).toBe(chinese);
});
