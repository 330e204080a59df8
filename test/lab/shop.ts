import { ECHO_SCRIPT } from './web-sockets.ts';

export const SHOP = 'shop.example.com';
/** The same containers; WebSockets that say what they are told. */
export const SHOP_CHAT = 'chat.example.com';

type ShopOptions = Readonly<{
  /** More labels of the service, as lines of YAML. */
  labels?: readonly string[];
  /** What the page says behind the version; may be a shell's substitution. */
  says?: string;
}>;

/** A compose file: three containers of busybox whose page says the version. What listens last is what the probe asks. */
export function shopFile(version: string, { labels = [], says = '' }: ShopOptions = {}): string {
  const script = [
    `mkdir /www && echo ${version} ${says} > /www/index.html`,
    "cat > /echo.sh <<'END'",
    ECHO_SCRIPT,
    'END',
    'nc -ll -p 8001 -e sh /echo.sh &',
    'exec httpd -f -p 8000 -h /www',
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
      berth.probe.url: http://container:8000/
      berth.probe.interval_seconds: '1'
      berth.probe.timeout_seconds: '10'
${labels.map((line) => `      ${line}\n`).join('')}    deploy:
      replicas: 3
      update_config: { parallelism: 1, monitor: 300ms, failure_action: pause }
      rollback_config: { parallelism: 1, monitor: 300ms, failure_action: pause }
`;
}
