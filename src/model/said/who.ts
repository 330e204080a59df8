/** Of whom something is said. */
export const whoSentences = {
  'who.host': 'host {+name}',
  'who.hosts': 'hosts {+names}',
  'who.hosts.more': 'hosts {+names} and {#n} more',
  'who.service': 'service {+name}',
  'who.services': 'services {+names}',
  'who.services.more': 'services {+names} and {#n} more',
  'who.container': 'container {+name}',
  'who.containers': 'containers {+names}',
  'who.containers.more': 'containers {+names} and {#n} more',
  'who.says': '{@who}: {*text}',
} as const;
