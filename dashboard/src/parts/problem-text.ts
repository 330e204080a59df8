import { BerthError, messageOf } from '../../../src/contract/page-client.ts';
import type { Language } from '../i18n/text.tsx';

type Code = BerthError['code'];

/** What kind of error it is, for pages in another language than the manager's sentences. Those stay as they are, beneath. */
const HEADLINES: Readonly<Record<Exclude<Language, 'en'>, Readonly<Record<Code, string>>>> = {
  zh: {
    bad_request: '输入有误',
    unauthenticated: '未登录，或登录失败',
    forbidden: '没有权限',
    not_found: '不存在',
    conflict: '与现状冲突',
    too_large: '太大',
    too_many_requests: '尝试过于频繁',
    no_room: '没有合适的主机',
    host_down: '主机没有应答',
    timeout: '超时',
    unsupported: '不支持',
    engine: '主机上的 Docker 拒绝了',
    unavailable: '管理节点暂时不可用',
    internal: '内部错误',
  },
};

type ProblemText = Readonly<{
  title: string;
  /** The manager's sentence, in English, where `title` is not that. */
  detail?: string;
  /** What to do, in the manager's words. */
  hint?: string;
}>;

/** What is said of an error, whatever has thrown it. */
export function problemText(error: unknown, language: Language): ProblemText {
  const message = messageOf(error);
  if (!(error instanceof BerthError)) return { title: message };
  const { code, hint } = error;
  return {
    ...(language === 'en' ? { title: message } : { title: HEADLINES[language][code], detail: message }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The same for a message in the corner. */
export function problemToast(error: unknown, language: Language) {
  const { title, detail, hint } = problemText(error, language);
  const text = [detail, hint].filter((one) => one !== undefined).join(' · ');
  return { tone: 'bad', title, ...(text === '' ? {} : { text }) } as const;
}
