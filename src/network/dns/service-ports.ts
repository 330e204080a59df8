/** Ports by IANA's service names, of what people run in containers; for SRV names such as `_http._tcp.web`. */
const PORTS: Readonly<Record<string, number>> = {
  amqp: 5672,
  amqps: 5671,
  domain: 53,
  ftp: 21,
  git: 9418,
  http: 80,
  'http-alt': 8080,
  https: 443,
  imap: 143,
  imaps: 993,
  kerberos: 88,
  ldap: 389,
  ldaps: 636,
  memcache: 11211,
  mongodb: 27017,
  mqtt: 1883,
  'ms-sql-s': 1433,
  mysql: 3306,
  nfs: 2049,
  ntp: 123,
  pop3: 110,
  postgresql: 5432,
  redis: 6379,
  sip: 5060,
  smtp: 25,
  snmp: 161,
  ssh: 22,
  submission: 587,
  syslog: 514,
  'xmpp-client': 5222,
};

export type ServiceName = Readonly<{ port: number | undefined; protocol: string; host: string }>;

/** `_http._tcp.web`, `_8080._tcp.web` in its parts (RFC 2782); undefined for another form of name. */
export function readServiceName(name: string): ServiceName | undefined {
  const match = /^_([a-z0-9-]+)\._(tcp|udp|sctp)\.(.+)$/.exec(name);
  if (match === null) return undefined;
  const [, service = '', protocol = '', host = ''] = match;
  const port = /^\d{1,5}$/.test(service)
    ? Number(service)
    : Object.hasOwn(PORTS, service)
      ? PORTS[service]
      : undefined;
  return { port, protocol, host };
}
