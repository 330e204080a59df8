import { wordsOf } from '../../i18n/text.tsx';

/** What each setting is called, and what a change of it does. One that is new and not here is shown by its key. */
export const settingWords = wordsOf(
  {
    'group.scheduling': 'Where containers go',
    'group.failover': 'When hosts fail',
    'group.network': 'Networks',
    'group.router': 'Router',
    'group.acme': 'Certificates by ACME',
    'group.engines': 'Engines',
    'group.others': 'More',

    strategy: 'Strategy',
    'strategy.text':
      'Which of the hosts that fit is taken: spread (the emptiest), binpack (the fullest), random, or one of a plugin. It counts for what is placed from now on.',
    failureDomains: 'Failure domains',
    'failureDomains.text': 'Labels of hosts over which equal containers are spread, the widest first.',
    cpuOvercommit: 'CPU overcommitment',
    'cpuOvercommit.text': 'Asked CPU may be so many times what a host has.',
    memoryOvercommit: 'Memory overcommitment',
    'memoryOvercommit.text':
      'Asked memory may be so many times what a host has. Above 1, containers may be killed for want of it.',
    reservedCpuMilli: 'CPU kept free',
    'reservedCpuMilli.text': 'On each host, for its system: thousandths of a core.',
    reservedMemory: 'Memory kept free',
    'reservedMemory.text': 'On each host, for its system: bytes.',
    plugins: 'Plugins',
    'plugins.text':
      'ES modules with further filters and strategies: absolute paths on the manager. They are tried before they are taken.',

    suspectAfterMs: 'Suspect after',
    'suspectAfterMs.text': 'A host that is silent for so long gets nothing new. Milliseconds.',
    downAfterMs: 'Down after',
    'downAfterMs.text':
      'A host that is silent for so long is down, and its containers are made elsewhere. Milliseconds.',
    downConfirmedAfterMs: 'Down after, confirmed',
    'downConfirmedAfterMs.text':
      'The same where neither the manager nor other hosts reach its machine any more. Milliseconds.',
    failoverMaxShare: 'Most hosts that fail over',
    'failoverMaxShare.text':
      'Where more than this share of the hosts vanish at once, nothing is moved: it is more likely the manager’s own network. 1: it always is.',
    failoverWindowMs: 'At once',
    'failoverWindowMs.text': 'What counts as at once. Milliseconds.',
    failoverGraceMs: 'Time to connect',
    'failoverGraceMs.text':
      'So long hosts have after a start of the manager, before they count as down. Milliseconds.',

    networkDriver: 'Driver',
    'networkDriver.text':
      'Of networks that are made without one: xoverlay, vlan or bridge. Those that are there stay as they are.',
    networkPools: 'Pools of addresses',
    'networkPools.text':
      'Where subnets come from for which none is named: RANGE:PREFIX, such as 10.128.0.0/9:20.',
    addressGraceMs: 'Rest of addresses',
    'addressGraceMs.text':
      'The address of a container that is gone goes to nobody else for so long. Milliseconds.',

    appsDomain: 'Domain of apps',
    'appsDomain.text':
      'Behind routes that are a prefix alone: shop is shop.apps.example.com. Let *.apps.example.com lead to the ingress hosts.',
    routerPort: 'HTTP port',
    'routerPort.text': 'Of the ingress hosts. All routers move there at once.',
    routerTlsPort: 'HTTPS port',
    'routerTlsPort.text': 'Of the ingress hosts, usually 443; 0: none.',
    routerTrust: 'Trusted balancers',
    'routerTrust.text':
      'In front of the ingress hosts, whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses, subnets.',
    routerProxyFrom: 'Balancers with the PROXY protocol',
    'routerProxyFrom.text':
      'They begin each connection with it; from others none is taken: addresses, subnets.',
    drainMs: 'Time to end requests',
    'drainMs.text':
      'A container that leaves the routers has so long for requests under way, before it is stopped. Milliseconds.',
    routerImage: 'Image of routers',
    'routerImage.text': 'HAProxy 2.6 or later. With another one every router is started anew.',

    acmeTermsAgreed: 'Terms of the CA',
    'acmeTermsAgreed.text': 'You agree to the terms of this CA. Nothing is asked of it before.',
    acmeContact: 'Mail address',
    'acmeContact.text': 'To which the CA writes; empty: none.',
    acmeDirectory: 'CA',
    'acmeDirectory.text': 'URL of its directory (RFC 8555).',
    acmeRoot: 'CAs of the CA',
    'acmeRoot.text': 'By which its own server is checked, where no public CA has signed it: PEM.',

    imageHosts: 'Hosts that pull',
    'imageHosts.text':
      'Which hosts “docker pull” and “docker load” fill: all, or an expression such as role==web.',
    fanoutTimeoutMs: 'Patience with one host',
    'fanoutTimeoutMs.text': 'One host is waited for so long where many are asked. Milliseconds.',
  },
  {
    'group.scheduling': '容器调度',
    'group.failover': '主机故障',
    'group.network': '网络',
    'group.router': '路由',
    'group.acme': 'ACME 证书',
    'group.engines': '引擎',
    'group.others': '其他',

    strategy: '调度策略',
    'strategy.text':
      '在符合条件的主机中选哪一台：spread（最空闲）、binpack（最满）、random（随机），或插件提供的策略。只影响此后的调度。',
    failureDomains: '故障域',
    'failureDomains.text': '相同容器按这些主机标签分散，范围大的在前。',
    cpuOvercommit: 'CPU 超配',
    'cpuOvercommit.text': '申请的 CPU 可达主机实有的若干倍。',
    memoryOvercommit: '内存超配',
    'memoryOvercommit.text': '申请的内存可达主机实有的若干倍。大于 1 时，容器可能因内存不足被终止。',
    reservedCpuMilli: '预留 CPU',
    'reservedCpuMilli.text': '每台主机留给系统的 CPU：千分之一核。',
    reservedMemory: '预留内存',
    'reservedMemory.text': '每台主机留给系统的内存：字节。',
    plugins: '插件',
    'plugins.text': '提供更多筛选器和策略的 ES 模块：管理节点上的绝对路径。保存前会先试用。',

    suspectAfterMs: '可疑时限',
    'suspectAfterMs.text': '主机静默这么久后不再接收新容器。毫秒。',
    downAfterMs: '宕机时限',
    'downAfterMs.text': '主机静默这么久即视为宕机，其容器在别处重建。毫秒。',
    downConfirmedAfterMs: '确认宕机时限',
    'downConfirmedAfterMs.text': '同上，但管理节点和其他主机都已无法连通该机器。毫秒。',
    failoverMaxShare: '故障转移上限',
    'failoverMaxShare.text':
      '若同时消失的主机超过这一比例，则不迁移：更可能是管理节点自身的网络问题。为 1 时总是迁移。',
    failoverWindowMs: '“同时”的时间窗',
    'failoverWindowMs.text': '多长时间内算作同时。毫秒。',
    failoverGraceMs: '连接宽限',
    'failoverGraceMs.text': '管理节点启动后，主机有这么长时间连接，之后才算宕机。毫秒。',

    networkDriver: '驱动',
    'networkDriver.text': '未指定驱动的网络所用：xoverlay、vlan 或 bridge。已有的网络不变。',
    networkPools: '地址池',
    'networkPools.text': '未指定子网时从这里划分：范围:前缀长度，例如 10.128.0.0/9:20。',
    addressGraceMs: '地址保留',
    'addressGraceMs.text': '容器删除后，其地址在这段时间内不分给别人。毫秒。',

    appsDomain: '应用域名',
    'appsDomain.text':
      '只写前缀的路由所用的域名：shop 即 shop.apps.example.com。请让 *.apps.example.com 指向入口主机。',
    routerPort: 'HTTP 端口',
    'routerPort.text': '入口主机的端口。所有路由器立即改用。',
    routerTlsPort: 'HTTPS 端口',
    'routerTlsPort.text': '入口主机的端口，通常为 443；0 表示不提供。',
    routerTrust: '受信任的负载均衡',
    'routerTrust.text': '位于入口主机之前，采信其 X-Forwarded-For 和 X-Forwarded-Proto：地址、子网。',
    routerProxyFrom: '使用 PROXY 协议的负载均衡',
    'routerProxyFrom.text': '它们的每个连接以该协议开头；不接受其他来源：地址、子网。',
    drainMs: '请求收尾时间',
    'drainMs.text': '容器退出路由后，有这么长时间处理完进行中的请求，然后停止。毫秒。',
    routerImage: '路由器镜像',
    'routerImage.text': 'HAProxy 2.6 或更高版本。更换后所有路由器会重新启动。',

    acmeTermsAgreed: 'CA 条款',
    'acmeTermsAgreed.text': '您同意该 CA 的条款。在此之前不会向它申请任何证书。',
    acmeContact: '邮箱',
    'acmeContact.text': 'CA 的通知邮箱；可留空。',
    acmeDirectory: 'CA',
    'acmeDirectory.text': '其目录的 URL（RFC 8555）。',
    acmeRoot: '验证 CA 服务器的证书',
    'acmeRoot.text': '其服务器并非由公共 CA 签发时，用于验证：PEM。',

    imageHosts: '拉取镜像的主机',
    'imageHosts.text': '“docker pull”和“docker load”作用于哪些主机：all，或表达式，例如 role==web。',
    fanoutTimeoutMs: '单台主机的等待时限',
    'fanoutTimeoutMs.text': '同时询问多台主机时，对每台最多等这么久。毫秒。',
  },
);
