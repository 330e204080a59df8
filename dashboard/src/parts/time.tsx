import { useEffect, useState } from 'react';
import { type Language, useLanguage } from '../i18n/text.tsx';
import { agoText } from './format.ts';

/** How long ago, and when exactly for whoever rests on it. @param at milliseconds since the epoch; 0 never */
export function Ago({ at }: Readonly<{ at: number }>) {
  const { language, t } = useLanguage();
  const now = useNow(5000);
  if (at === 0) return <span>{t('time.never')}</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={wholeText(at, language)}>
      {agoText(at, now, language) ?? t('time.now')}
    </time>
  );
}

/** Day and hour. */
export function Moment({ at }: Readonly<{ at: number }>) {
  const { language } = useLanguage();
  return <time dateTime={new Date(at).toISOString()}>{wholeText(at, language)}</time>;
}

/** The hour of the day. */
export function Clock({ at }: Readonly<{ at: number }>) {
  const { language } = useLanguage();
  const text = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' }).format(at);
  return <time dateTime={new Date(at).toISOString()}>{text}</time>;
}

/** The hour of today, or the day: what a telephone has room for. */
export function ShortMoment({ at }: Readonly<{ at: number }>) {
  const { language } = useLanguage();
  if (isToday(at)) return <Clock at={at} />;
  const text = new Intl.DateTimeFormat(language, { dateStyle: 'short' }).format(at);
  return <time dateTime={new Date(at).toISOString()}>{text}</time>;
}

/** Then the hour says enough: a telephone has no room for the day beside it. */
export function isToday(at: number): boolean {
  return new Date(at).toDateString() === new Date().toDateString();
}

function wholeText(at: number, language: Language): string {
  const format = { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language, format).format(at);
}

function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
