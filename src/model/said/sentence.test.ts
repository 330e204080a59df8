import { describe, expect, it } from 'vitest';
import { SENTENCES, type SentenceKey, say } from './index.ts';
import { filled, holesOf, inOtherWords, readerOf } from './sentence.ts';

const CATALOGUE = {
  'who.host': 'host {+name}',
  'who.hosts': 'hosts {+names}',
  says: '{@who}: {*text}',
  down: 'is down: {*why}',
  silent: 'nothing was heard for {seconds} s',
  refused: 'no host fits {name}: {;whys}',
  full: '{#n} hosts have no memory left',
  tainted: '{#n} hosts are {what}',
  busy: '{@metric}: {=value} on average',
  'metric.cpu': 'CPU',
  ends: '{@metric}.',
} as const;
const OTHERS = {
  'who.host': '主机 {name}',
  'who.hosts': '主机 {names}',
  says: '{who}:{text}',
  down: '已离线:{why}',
  silent: '{seconds} 秒没有消息',
  refused: '没有主机适合 {name}:{whys}',
  full: '{n} 台主机内存不足',
  tainted: '{n} 台主机{what}',
  busy: '{metric}平均 {value}',
  'metric.cpu': '处理器',
  ends: '{metric}。',
};
/** Of each kind that `{@kind}` asks for. */
const PARTS: Readonly<Record<string, string>> = {
  who: say('who.host', { name: 'h1' }),
  metric: say('metric.cpu'),
  opinion: say('opinion.ruleless'),
  than: say('than.over', { limit: '7 %' }),
};
const translated = inOtherWords(CATALOGUE, OTHERS, ';');

describe('sentences', () => {
  it('are taken apart as they were put together', () => {
    const read = readerOf(CATALOGUE);
    expect(read('is down: nothing was heard for 5 s')).toEqual({
      key: 'down',
      values: { why: 'nothing was heard for 5 s' },
    });
    // The one with the most words of its own, where two fit.
    expect(read('3 hosts have no memory left')?.key).toBe('full');
    expect(read('3 hosts are have no memory left')?.key).toBe('tainted');
    expect(read('some hosts have no memory left')).toBeUndefined();
  });

  it('hold figures with their units, and parts of one kind alone', () => {
    const read = readerOf(CATALOGUE);
    for (const value of ['70 %', '3.5 MB/s', '0.441/s', '12 ms', '1e-7/s'])
      expect(read(`CPU: ${value} on average`)).toEqual({ key: 'busy', values: { metric: 'CPU', value } });
    expect(read('CPU: much on average')).toBeUndefined();
    expect(read('fans: 70 % on average')).toBeUndefined();
    expect(read('CPU.')?.key).toBe('ends');
    expect(read('no such container.')).toBeUndefined();
  });

  it('are read one by one where several stand beside each other', () => {
    expect(translated('CPU: 70 % on average; nothing was heard for 5 s')).toBe(
      '处理器平均 70 %;5 秒没有消息',
    );
    expect(translated('CPU: 70 % on average; no such container')).toBe('处理器平均 70 %;no such container');
    expect(translated('not there; no such container')).toBe('not there; no such container');
  });

  it('are said in other words, with those within them; what nobody knows stays', () => {
    expect(translated('hosts h1, h2: is down: nothing was heard for 5 s')).toBe(
      '主机 h1, h2:已离线:5 秒没有消息',
    );
    expect(translated('no host fits web: 3 hosts have no memory left; their disk is on fire')).toBe(
      '没有主机适合 web:3 台主机内存不足;their disk is on fire',
    );
    expect(translated('dial tcp: refused')).toBe('dial tcp: refused');
    expect(translated('is down: exit status 1: $& {why}\n(core)')).toBe(
      '已离线:exit status 1: $& {why}\n(core)',
    );
  });

  it('are not looked for in what is too long, or goes on within itself for ever', () => {
    const long = `is down: ${'x'.repeat(5000)}`;
    expect(translated(long)).toBe(long);
    expect(translated(`${'is down: '.repeat(200)}x`)).toContain('is down: ');
  });

  it('are found again, each of them, by their reader', () => {
    const read = readerOf(SENTENCES);
    for (const [key, template] of Object.entries(SENTENCES)) {
      const values = [...holesOf(template)].map(([name, kind], at) => {
        if (kind === '@') return [name, PARTS[name] ?? ''] as const;
        if (kind === '=') return [name, `${at + 2} %`] as const;
        return [name, kind === '#' ? String(at + 2) : `v${at}`] as const;
      });
      const text = filled(template, Object.fromEntries(values));
      expect([text, read(text)]).toEqual([
        text,
        { key: key as SentenceKey, values: Object.fromEntries(values) },
      ]);
    }
  });
});
