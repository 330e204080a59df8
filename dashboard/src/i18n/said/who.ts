export const who = {
  'who.host': '主机 {name}',
  'who.hosts': '主机 {names}',
  'who.hosts.more': '主机 {names} 等，另有 {n} 台',
  'who.service': '服务 {name}',
  'who.services': '服务 {names}',
  'who.services.more': '服务 {names} 等，另有 {n} 个',
  'who.container': '容器 {name}',
  'who.containers': '容器 {names}',
  'who.containers.more': '容器 {names} 等，另有 {n} 个',
  'who.says': '{who}：{text}',
} as const;
