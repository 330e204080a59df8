import { ROUTE_FIELDS } from '../../../../src/contract/v1/balancers.ts';
import type { Language } from '../../i18n/text.tsx';

const HEADERS = '每行一个：“名称: 值”设置一个头，“-名称”去掉它；除换行外也可用 | 分隔';
const SOURCES = '地址和子网，用空格或逗号分隔';

/** What a rule does and how it is written; in English as help and the table of labels have it. */
const CHINESE: Readonly<Record<string, string>> = {
  rewrite: 'FROM TO：去掉请求路径开头的 FROM，换成 TO，例如 /api /。',
  redirect:
    'https（不带 TLS 的请求），或 [301|302|303|307|308] URL：以此回应所有请求；URL 以 /* 结尾时，后面接上所请求的路径。',
  request_headers: `请求头。${HEADERS}。`,
  response_headers: `响应头。${HEADERS}。`,
  basic_auth:
    '“berth route password USER…”打印的内容：请求须带其中一个用户名和密码。这里只有散列值，没有密码。',
  allow: `只允许这些客户端：${SOURCES}。`,
  deny: `拒绝这些客户端：${SOURCES}。`,
  rate_limit: '单个客户端的请求上限：N/s、N/10s、N/m、N/h。超出的请求得到 429。',
  body_limit: '请求体上限，例如 10m（字节数，或带 k、m、g）。更大的请求得到 413。',
  timeout: '容器最长的响应时间，例如 90s 或 5m（默认 60s）。超时后客户端得到 504。',
  tunnel_timeout: 'WebSocket 最长的静默时间（默认 1h）。',
  gzip: 'true：客户端支持而容器没有压缩时，压缩文本。',
  backend:
    '容器使用的协议：http（默认）、h2c、https 或 h2（TLS，不验证对方）、https NAME 或 h2 NAME（TLS，证书须为该名称并受本机信任）。',
  tls: 'acme：其域名的证书由设置项 acmeDirectory 指定的 CA（Let’s Encrypt）签发，并自动续期。',
  proxy_protocol: 'true：每个连接开始前，用 PROXY 协议（版本 2）把客户端地址告诉容器。',
};

/** In the person's language; a rule that only a newer manager has is said in English. */
export function ruleText(rule: string, language: Language): string {
  const english = ROUTE_FIELDS[rule]?.words.replaceAll('`', '').replaceAll('\\|', '|') ?? '';
  return language === 'zh' ? (CHINESE[rule] ?? english) : english;
}
