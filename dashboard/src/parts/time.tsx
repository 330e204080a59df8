import { useEffect, useState } from 'react';
import { useLanguage } from '../i18n/text.tsx';
import { agoText } from './format.ts';

/** How long ago, and when exactly for whoever rests on it. @param at milliseconds since the epoch; 0 never */
export function Ago({ at }: Readonly<{ at: number }>) {
  const { language, t } = useLanguage();
  const now = useNow(5000);
  if (at === 0) return <span>{t('time.never')}</span>;
  const whole = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'medium',
    hourCycle: 'h23',
  }).format(at);
  return (
    <time dateTime={new Date(at).toISOString()} title={whole}>
      {agoText(at, now, language) ?? t('time.now')}
    </time>
  );
}

/** The hour of the day. */
export function Clock({ at }: Readonly<{ at: number }>) {
  const { language } = useLanguage();
  const text = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hourCycle: 'h23' }).format(at);
  return <time dateTime={new Date(at).toISOString()}>{text}</time>;
}

function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
