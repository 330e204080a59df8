import { ActionIcon, Button, NativeSelect, NumberInput } from '@mantine/core';
import { useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { type Fields, METRICS, type Metric } from './scaling-fields.ts';
import { scalingWords } from './scaling-words.ts';

type Rules = Fields['rules'];
type Props = Readonly<{ rules: Rules; onChange(rules: Rules): void; isDisabled: boolean }>;

/** One rule of each metric, by a target or a band. */
export function ScalingRules({ rules, onChange, isDisabled }: Props) {
  const w = useWords(scalingWords);
  const used = new Set(rules.map(({ metric }) => metric));
  const free = (Object.keys(METRICS) as Metric[]).filter((metric) => !used.has(metric));
  const set = (at: number, some: Partial<Rules[number]>) =>
    onChange(rules.map((rule, index) => (index === at ? { ...rule, ...some } : rule)));
  const number = (at: number, key: 'target' | 'below' | 'above') => (
    <NumberInput
      label={w(key)}
      min={0}
      value={rules[at]?.[key] ?? ''}
      onChange={(typed) => set(at, { [key]: typed === '' ? '' : Number(typed) })}
      disabled={isDisabled}
    />
  );
  const [first] = free;
  return (
    <div className="scaling-rules">
      {rules.map(({ metric, kind }, at) => (
        <div key={metric} className="scaling-rule" role="group" aria-label={w(`metric.${metric}`)}>
          <NativeSelect
            label={w('metric')}
            value={metric}
            onChange={(event) => {
              const chosen = event.currentTarget.value as Metric;
              set(at, { metric: chosen, ...(chosen === 'latency' ? { kind: 'band' } : {}) });
            }}
            data={[metric, ...free].map((value) => ({ value, label: w(`metric.${value}`) }))}
            disabled={isDisabled}
          />
          <NativeSelect
            label={w('kind')}
            value={kind}
            onChange={(event) => set(at, { kind: event.currentTarget.value as 'target' | 'band' })}
            // How fast it answers does not fall in proportion to how many there are.
            data={(metric === 'latency' ? (['band'] as const) : (['target', 'band'] as const)).map(
              (value) => ({
                value,
                label: w(`kind.${value}`),
              }),
            )}
            disabled={isDisabled}
          />
          {kind === 'target' ? (
            number(at, 'target')
          ) : (
            <>
              {number(at, 'below')}
              {number(at, 'above')}
            </>
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={w('drop', { metric: w(`metric.${metric}`) })}
            onClick={() => onChange(rules.filter((_, index) => index !== at))}
            disabled={isDisabled}
          >
            <Icon name="close" size={16} />
          </ActionIcon>
        </div>
      ))}
      {first !== undefined && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() =>
            onChange([
              ...rules,
              {
                ...{ metric: first, kind: first === 'latency' ? 'band' : 'target' },
                ...{ target: '', below: '', above: '' },
              },
            ])
          }
          disabled={isDisabled}
        >
          {w('add')}
        </Button>
      )}
    </div>
  );
}
