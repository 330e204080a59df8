import { Button, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { StackView } from '../../../../src/contract/v1/services.ts';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { hasWords } from '../../parts/has-words.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleLink } from '../../parts/role-button.tsx';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { stackLook } from './look.ts';
import { words } from './words.ts';
import './stacks.css';

export function StacksPage() {
  const w = useWords(words);
  useTitle(w('title'));
  const { data, error } = useLiveQuery(['stacks'], (signal) =>
    client.call('stack.list', undefined, { signal }),
  );
  const [text, setText] = useState('');
  const found = useMemo(() => (data?.stacks ?? []).filter((stack) => matches(stack, text)), [data, text]);
  const all = data?.stacks.length ?? 0;
  return (
    <>
      <div className="head">
        <h1>{w('title')}</h1>
        {data !== undefined && <span className="note">{w('count', { n: all })}</span>}
        <div className="head-side">
          <CopyAs way={{ cli: 'berth stack ls', route: 'stack.list' }} />
          <NewStack />
        </div>
      </div>
      {data === undefined && error !== null && <Problem error={error} />}
      {data === undefined && error === null && <Waiting />}
      {data !== undefined && all === 0 && (
        <div className="card">
          <Empty title={w('none')} hint={w('none.hint')}>
            <p>
              <code className="label">berth deploy</code>
            </p>
            <NewStack />
          </Empty>
        </div>
      )}
      {all > 0 && (
        <>
          <div className="filters">
            <TextInput
              aria-label={w('filter')}
              placeholder={w('filter')}
              leftSection={<Icon name="search" size={16} />}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          </div>
          <div className="card rows">
            {found.length === 0 && (
              <Empty title={w('noMatch', { text })} hint={w('count', { n: all })}>
                <Button variant="default" onClick={() => setText('')}>
                  {w('clear')}
                </Button>
              </Empty>
            )}
            {found.length > 0 && <Rows stacks={found} />}
          </div>
        </>
      )}
    </>
  );
}

function NewStack() {
  const w = useWords(words);
  return (
    <RoleLink
      needs="operator"
      leftSection={<Icon name="plus" size={16} />}
      renderRoot={(props) => <Link {...props} to="/stacks/+new" />}
    >
      {w('new')}
    </RoleLink>
  );
}

function matches({ name, services }: StackView, text: string): boolean {
  return hasWords(text, [name, ...services.flatMap((service) => [service.name, service.image])]);
}

function Rows({ stacks }: Readonly<{ stacks: readonly StackView[] }>) {
  const w = useWords(words);
  const rows = useMemo(() => stacks.map((stack) => ({ id: stack.name, stack })), [stacks]);
  return (
    <VirtualRows
      label={w('title')}
      rows={rows}
      rowHeight={48}
      maxHeight="calc(100dvh - 210px)"
      columns="minmax(140px, 2fr) minmax(120px, 1.2fr) 1fr 1fr 1.2fr 1fr"
      narrow="1.4fr 1fr 0.7fr"
      heads={[
        { text: w('name') },
        { text: w('state') },
        { text: w('services') },
        { text: w('containers'), wide: true },
        { text: w('changed'), wide: true },
        { text: w('by'), wide: true },
      ]}
      render={({ stack }) => {
        const { name, services, at, by } = stack;
        const { state, tone, well, ready, wanted } = stackLook(stack);
        return [
          <Link key="name" to="/stacks/$stack" params={{ stack: name }} title={name}>
            {name}
          </Link>,
          <span key="state" className={`state tone-${tone}${tone === 'idle' ? ' hollow' : ''}`}>
            {w(`stack.${state}`)}
          </span>,
          w('of', { n: well, all: services.length }),
          w('of', { n: ready, all: wanted }),
          <Ago key="at" at={at} />,
          <bdi key="by" title={by}>
            {by}
          </bdi>,
        ];
      }}
    />
  );
}
