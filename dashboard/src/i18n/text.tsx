import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react';
import { readPreference, writePreference } from '../app/preferences.ts';
import { en, type MessageKey } from './en.ts';
import { zh } from './zh.ts';

export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;

const MESSAGES: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, zh };

type Values = Readonly<Record<string, string | number>>;

/** The text of a message; `n` also chooses between what is said of one and of several. */
export type Text = (key: MessageKey, values?: Values) => string;

/** What one page alone says: a piece of that page, not of what every page loads first. */
export type Words<K extends string> = Readonly<Record<Language, Readonly<Record<K, string>>>>;

/** A text that one of the languages lacks does not compile. */
export function wordsOf<const K extends string>(
  inEnglish: Readonly<Record<K, string>>,
  inChinese: Readonly<Record<NoInfer<K>, string>>,
): Words<K> {
  return { en: inEnglish, zh: inChinese };
}

export function textIn(language: Language): Text {
  return textOf(MESSAGES[language], language);
}

function textOf<K extends string>(
  messages: Readonly<Record<K, string>>,
  language: Language,
): (key: K, values?: Values) => string {
  const numbers = new Intl.NumberFormat(language);
  return (key, values = {}) => {
    const forms = messages[key].split(' | ');
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

/** The texts of one page, in the language that is chosen. */
export function useWords<K extends string>(words: Words<K>): (key: K, values?: Values) => string {
  const { language } = useLanguage();
  return useMemo(() => textOf(words[language], language), [words, language]);
}
