import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useWords } from '../../i18n/text.tsx';
import type { Range } from './log-range.ts';
import { logWords } from './words.ts';

const LAST = { minutes: 900, hour: 3600, day: 86_400 } as const;
type Choice = 'newest' | keyof typeof LAST | 'between';

/** Of which time the log is shown. */
export function RangePicker({ onChange }: Readonly<{ onChange(range: Range): void }>) {
  const w = useWords(logWords);
  const [choice, setChoice] = useState<Choice>('newest');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const between = (start: string, end: string) =>
    onChange({ is: 'between', from: momentOf(start), to: momentOf(end) });
  const choose = (chosen: Choice) => {
    setChoice(chosen);
    if (chosen === 'newest') onChange({ is: 'newest' });
    else if (chosen === 'between') between(from, to);
    else onChange({ is: 'last', seconds: LAST[chosen] });
  };
  return (
    <>
      <NativeSelect
        aria-label={w('range')}
        value={choice}
        onChange={(event) => choose(event.currentTarget.value as Choice)}
        data={(['newest', 'minutes', 'hour', 'day', 'between'] as const).map((value) => ({
          value,
          label: w(value),
        }))}
      />
      {choice === 'between' && (
        <>
          <TextInput
            type="datetime-local"
            step={1}
            aria-label={w('from')}
            value={from}
            onChange={(event) => {
              setFrom(event.currentTarget.value);
              between(event.currentTarget.value, to);
            }}
          />
          <TextInput
            type="datetime-local"
            step={1}
            aria-label={w('to')}
            value={to}
            onChange={(event) => {
              setTo(event.currentTarget.value);
              between(from, event.currentTarget.value);
            }}
          />
        </>
      )}
    </>
  );
}

/** Of a field for day and hour, in the person's own time; undefined where it is not filled in. */
function momentOf(text: string): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
