import { ECHO_SCRIPT } from './web-sockets.ts';

export const SHOP = 'shop.example.com';
/** The same containers; WebSockets that say what they are told. */
export const SHOP_CHAT = 'chat.example.com';

type ShopOptions = Readonly<{
  /** More labels of the service, as lines of YAML. */
  labels?: readonly string[];
  /** What the page says behind the version; may be a shell's substitution. */
  says?: string;
  /** It is well by its probe, and answers all else with 500. */
  broken?: boolean;
  replicas?: number;
  /** It never listens. */
  deaf?: boolean;
  /** More keys of `deploy`, as one line of YAML. */
  more?: string;
}>;

/** `nc` runs it for each connection. */
const BROKEN_SCRIPT = `read -r line
while read -r header && [ "\${#header}" -gt 1 ]; do :; done
case "$line" in *" /ok "*) echo 'HTTP/1.0 200 OK' ;; *) echo 'HTTP/1.0 500 Broken' ;; esac
printf 'Content-Length: 0\\r\\n\\r\\n'`;

/** A compose file: containers of busybox, three if nothing else is said, whose page says the version. What listens last is what the probe asks. */
export function shopFile(
  version: string,
  { labels = [], says = '', broken = false, replicas = 3, deaf = false, more = '' }: ShopOptions = {},
): string {
  const script = [
    `mkdir /www && echo ${version} ${says} > /www/index.html && echo ok > /www/ok`,
    "cat > /echo.sh <<'END'",
    ECHO_SCRIPT,
    'END',
    'nc -ll -p 8001 -e sh /echo.sh &',
    ...(deaf ? ['exec sleep 3600'] : []),
    ...(broken ? ["cat > /broken.sh <<'END'", BROKEN_SCRIPT, 'END'] : []),
    broken ? 'exec nc -ll -p 8000 -e sh /broken.sh' : 'exec httpd -f -p 8000 -h /www',
  ].join('\n');
  return `
services:
  web:
    image: busybox
    command: ${JSON.stringify(['sh', '-c', script.replaceAll('$', '$$$$')])}
    stop_grace_period: 500ms
    labels:
      berth.routing.port_8000: ${SHOP}
      berth.routing.port_8001: ${SHOP_CHAT}
      berth.routing.session_sticky: 'false'
      berth.probe.url: http://container:8000/ok
      berth.probe.interval_seconds: '1'
      berth.probe.timeout_seconds: '10'
${labels.map((line) => `      ${line}\n`).join('')}    deploy:
      replicas: ${replicas}
      ${more}
      update_config: { parallelism: 1, monitor: 300ms, failure_action: pause }
      rollback_config: { parallelism: 1, monitor: 300ms, failure_action: pause }
`;
}
