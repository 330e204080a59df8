import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react';
import { readPreference, writePreference } from '../app/preferences.ts';
import { en, type MessageKey } from './en.ts';
import { zh } from './zh.ts';

export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;

const MESSAGES: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, zh };

/** The text of a message; `n` also chooses between what is said of one and of several. */
export type Text = (key: MessageKey, values?: Readonly<Record<string, string | number>>) => string;

export function textIn(language: Language): Text {
  const numbers = new Intl.NumberFormat(language);
  return (key, values = {}) => {
    const forms = MESSAGES[language][key].split(' | ');
    const form = (values.n === 1 ? forms[0] : forms.at(-1)) ?? key;
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? numbers.format(value) : value;
    });
  };
}

export function firstLanguage(): Language {
  const kept = readPreference('language');
  if (kept === 'en' || kept === 'zh') return kept;
  return navigator.language.startsWith('zh') ? 'zh' : 'en';
}

type Value = Readonly<{ language: Language; t: Text; setLanguage(language: Language): void }>;
const Context = createContext<Value | undefined>(undefined);

type Props = Readonly<{ language: Language; onChange(language: Language): void; children: ReactNode }>;

export function TextProvider({ language, onChange, children }: Props) {
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo(
    () => ({
      language,
      t: textIn(language),
      setLanguage: (chosen: Language) => {
        writePreference('language', chosen);
        onChange(chosen);
      },
    }),
    [language, onChange],
  );
  return <Context value={value}>{children}</Context>;
}

export function useLanguage(): Value {
  const value = useContext(Context);
  if (value === undefined) throw new Error('there is no TextProvider above');
  return value;
}

export function useText(): Text {
  return useLanguage().t;
}
