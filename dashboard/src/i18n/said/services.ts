import { around } from '../../../../src/contract/said.ts';

const onItsWay = {
  'services.said.moves': '正在迁移到另一台主机',
  'services.said.made': '正在创建',
  'services.said.paused': '已暂停',
  'services.said.created': '已创建，尚未启动',
  'services.said.removing': '正在删除',
  'services.said.unready': '尚未就绪',
  'services.said.unready.why': '尚未就绪（{why}）',
} as const;

const late = around(onItsWay, 'late', '', '，已超时');

const failed = {
  'services.said.stopped': '已被手动停止',
  'services.said.again': '已退出（退出码 {code}），正在重新启动',
  'services.said.ended': '已退出（退出码 {code}）',
  'services.said.ended.why': '已退出（退出码 {code}）：{error}',
  'services.said.dead': '未通过存活检查',
  'services.said.dead.why': '未通过存活检查（{why}）',
  'services.said.unhealthy': '不健康',
  'services.said.unhealthy.why': '不健康（{why}）',
  'services.said.between': '曾退出，已被重新启动',
} as const;

const waits = {
  'services.waits.gone': '等待 {service}，但应用栈中没有这个服务',
  'services.waits.started': '等待 {service} 启动',
  'services.waits.healthy': '等待 {service} 就绪',
  'services.waits.failed': '等待 {service}，但它的发布已失败',
  'services.waits.completed': '等待 {service} 正常结束',
} as const;

const probes = {
  'services.probe.address': '这台主机没有可以访问该容器的地址：请改用命令检查（exec）',
  'services.probe.closed': '连接被关闭，没有应答',
  'services.probe.strange': '应答不是 HTTP，而是 {text}',
  'services.probe.long': '应答的头部超过 {bytes} 字节',
  'services.probe.exit': '退出码 {code}',
  'services.probe.exit.said': '退出码 {code}：{text}',
  'services.probe.open': '端口 {port} 可以连接',
} as const;

const analysis = {
  'services.analysis.untold': '还没有路由器上报它的请求',
  'services.analysis.few': '只有 {requests} 个请求，不足以判断，至少需要 {least} 个',
  'services.analysis.errors': '它的 {requests} 个请求中有 {share} % 出错，旧版本为 {before} %',
  'services.analysis.errors.over': '它的 {requests} 个请求中有 {share} % 出错，超过 {limit} %',
  'services.analysis.slow': '它的 95 % 响应时间为 {ms} 毫秒，旧版本为 {before} 毫秒',
} as const;

const runs = {
  'services.run.late': '未能及时开始',
  'services.run.removed': '它的容器已被删除',
  'services.run.lost': '它所在的主机已失联',
  'services.run.long': '运行超过 {seconds} 秒',
  'services.run.missed': '到时间时管理节点没有运行',
  'services.run.missed.many': '到这些时间时管理节点没有运行',
  'services.run.skipped': '第 {number} 次运行尚未结束',
  'services.run.replaced': '被第 {number} 次运行取代',
  'services.run.release': '发布 {number} 已不再保留',
} as const;

const needs = {
  'services.image.never': '合适的主机上都没有镜像 {image}，并且设置为不拉取',
  'services.image.build': '合适的主机上都没有镜像 {image}：请用“docker build”或“docker-compose build”构建',
  'services.image.pulls': '正在 {host} 上拉取镜像 {image}',
  'services.image.fails': '无法在 {host} 上拉取镜像 {image}：{error}',
  'services.image.nowhere': '可以接收它的主机上都没有镜像 {image}',
  'services.file.config': '配置 {name} 已不存在：请重新创建',
  'services.file.secret': '密钥 {name} 已不存在：请重新创建',
  'services.network.external':
    '外部网络 {name} 不存在：请用“docker network create {same}”创建，或从 networks.{key} 中去掉 external',
  'services.network.fails': '网络 {name}：{reason}',
  'services.volume.external':
    '外部卷 {name} 不存在：请用“docker volume create {same}”创建，或从 volumes.{key} 中去掉 external',
} as const;

const objects = {
  'services.network.labels': '网络 {name} 的标签保持创建时的样子',
  'services.network.anew': '网络 {name} 会重新创建',
  'services.network.goes': '网络 {name} 会在没有容器使用后删除',
  'services.volume.labels': '卷 {name} 的标签保持创建时的样子',
  'services.volume.stays': '卷 {name} 会保留：“berth volume rm {same}”可以删除它',
} as const;

const ways = {
  'services.route.direct': '{domain} 不经过路由器，直接通往它的容器：其他容器通过端口 {port} 访问',
  'services.route.direct.path':
    '{domain} 不经过路由器，直接通往它的容器：其他容器通过端口 {port} 访问，路径中带有 {path}',
  'services.route.terms': '{domain} 的证书要等您同意 CA 的条款：“berth settings set acmeTermsAgreed=true”',
  'services.route.plain': '{domain} 没有 TLS：{hint}',
  'services.route.dead': '{domain} 把客户端转到 https，而那里没有应答：{hint}',
  'services.route.tls': '路由器没有 TLS 端口：“berth settings set routerTlsPort=443”',
  'services.listener.routers':
    '端口 {port} 由路由器用于各域名，不会单独为它监听：请用 berth.routing.port_{inside} 指定别的端口',
  'services.listener.not': '端口 {port}（{protocol}）上没有监听：{why}',
  'services.listener.udp': '路由器不支持 UDP',
  'services.listener.tls':
    'TLS 在路由器的域名端口上终止：请在 berth.routing.port_PORT 中写 https://DOMAIN，若由容器处理 TLS 则写 tcp://',
} as const;

export const services = {
  ...onItsWay,
  ...late,
  ...failed,
  ...around(late, 'of', '{name} ', ''),
  ...around(failed, 'of', '{name} ', ''),
  ...waits,
  ...around(waits, 'because', '', '：{why}'),
  ...probes,
  ...analysis,
  ...runs,
  ...needs,
  ...objects,
  ...ways,
  'services.container': '容器 {index} {said}',
  'services.container.final': '容器 {index} {said}，而它的重启策略不再启动它',
  'services.confirm': '等待有人确认，或者回滚',
  'services.unjudged': '在判定之前容器数量被设为 0：等到重新有容器后由人确认，或者回滚',
  'services.superseded': '被发布 {number} 取代',
  'services.by': '由 {user} 操作',
  'services.weight': '{weight} % 的请求转到它，由 {user} 设置',
} as const;
