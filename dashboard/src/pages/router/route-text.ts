import type { RouteOptionsView } from '../../../../src/contract/v1/route-list.ts';
import type { TrafficView } from '../../../../src/contract/v1/traffic.ts';
import type { Language, Words } from '../../i18n/text.tsx';
import { bytesText } from '../../parts/format.ts';
import type { words } from './words.ts';

type Key = typeof words extends Words<infer K> ? K : never;
export type RouterWords = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

export function rateText(perSecond: number, language: Language): string {
  const digits = perSecond < 10 ? 2 : perSecond < 100 ? 1 : 0;
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(perSecond);
}

/** Share of requests that ended with an error: `0 %` is none at all. */
export function errorText({ errors, errorRate }: TrafficView, language: Language): string {
  if (errors > 0 && errorRate < 0.0005) return '< 0.1 %';
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(errorRate);
}

/** What is set, each with its value; in the order in which a request meets it. */
export function optionTexts(
  options: RouteOptionsView,
  w: RouterWords,
  language: Language,
): readonly Readonly<{ name: string; value: string }>[] {
  const found: { name: string; value: string }[] = [];
  const add = (key: keyof RouteOptionsView, value: string | undefined) => {
    if (value !== undefined) found.push({ name: w(`option.${key}`), value });
  };
  const { rewrite, redirect, rateLimit, bodyLimit, users, tls } = options;
  add('allow', list(options.allow));
  add('deny', list(options.deny));
  add('rateLimit', rateLimit && w('option.rateLimit.text', rateLimit));
  add('users', users === undefined ? undefined : w('option.users.text', { n: users }));
  if (redirect !== undefined)
    add(
      'redirect',
      redirect.kind === 'https'
        ? w('option.redirect.https', { code: String(redirect.code) })
        : w('option.redirect.url', {
            url: `${redirect.url}${redirect.keepPath ? '/*' : ''}`,
            code: String(redirect.code),
          }),
    );
  add('rewrite', rewrite && w('option.rewrite.text', rewrite));
  add('request', headers(options.request));
  add('response', headers(options.response));
  add('bodyLimit', bodyLimit === undefined ? undefined : bytesText(bodyLimit, language));
  add('responseSeconds', seconds(options.responseSeconds));
  add('tunnelSeconds', seconds(options.tunnelSeconds));
  if (options.gzip !== undefined) add('gzip', onOff(options.gzip));
  add('sticky', options.sticky ? w('option.on') : undefined);
  add('protocol', options.protocol && { http1: 'HTTP/1.1', h2: 'HTTP/2' }[options.protocol]);
  if (tls !== undefined)
    add('tls', w(`option.tls.${tls.kind}`, tls.kind === 'verified' ? { name: tls.name } : {}));
  if (options.proxyProtocol !== undefined) add('proxyProtocol', onOff(options.proxyProtocol));
  add('certificate', options.certificate?.toUpperCase());
  return found;

  function seconds(value: number | undefined): string | undefined {
    return value === undefined ? undefined : w('option.seconds', { seconds: value });
  }
  function onOff(isOn: boolean): string {
    return w(isOn ? 'option.on' : 'option.off');
  }
}

function list(texts: readonly string[] | undefined): string | undefined {
  return texts === undefined || texts.length === 0 ? undefined : texts.join(', ');
}

function headers(changes: RouteOptionsView['request']): string | undefined {
  if (changes === undefined) return undefined;
  return list([
    ...changes.set.map(({ name, value }) => `${name}: ${value}`),
    ...changes.remove.map((name) => `−${name}`),
  ]);
}
