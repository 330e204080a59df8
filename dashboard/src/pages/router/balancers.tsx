import { TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { BalancerView } from '../../../../src/contract/v1/balancers.ts';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { domainText, domainTitle } from '../../parts/domain-text.ts';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { words } from './words.ts';

const EVERY_MS = 3_000;

export function Balancers() {
  const w = useWords(words);
  const [isMaking, setMaking] = useState(false);
  const query = usePolledQuery(
    ['balancers'],
    (signal) => client.call('balancer.list', undefined, { signal }),
    EVERY_MS,
  );
  const add = <ChoiceButton label={w('lb.new')} needs="operator" isMain open={() => setMaking(true)} />;
  return (
    <>
      <Asked query={query}>
        {({ balancers }) =>
          balancers.length === 0 ? (
            <div className="card">
              <Empty title={w('lb.none')} hint={w('lb.new.text')}>
                {add}
              </Empty>
            </div>
          ) : (
            <>
              <div className="tab-head">
                <span className="note">{w('lb.count', { n: balancers.length })}</span>
                <div className="head-side">
                  <CopyAs way={{ cli: 'berth lb ls', route: 'balancer.list' }} />
                  {add}
                </div>
              </div>
              <div className="card rows">
                <Rows balancers={balancers} />
              </div>
            </>
          )
        }
      </Asked>
      {isMaking && <NewBalancer onClose={() => setMaking(false)} />}
    </>
  );
}

function Rows({ balancers }: Readonly<{ balancers: readonly BalancerView[] }>) {
  const w = useWords(words);
  return (
    <VirtualRows
      label={w('balancers')}
      rows={balancers.map((one) => ({ ...one, id: one.name }))}
      rowHeight={44}
      maxHeight="calc(100dvh - 260px)"
      columns="1fr 2fr 1.4fr 1.4fr"
      narrow="1fr 1.4fr 1.2fr"
      heads={[
        { text: w('lb.name') },
        { text: w('lb.listens') },
        { text: w('lb.targets') },
        { text: w('lb.rules'), wide: true },
      ]}
      render={({ name, listens, targets, rules }) => {
        const well = targets.filter(({ problem, weight }) => problem === undefined && weight > 0).length;
        const tone = well === 0 ? 'bad' : well < targets.length ? 'busy' : 'good';
        return [
          <Link key="name" to="/router/balancer/$balancer" params={{ balancer: name }}>
            {name}
          </Link>,
          <span key="listens" title={domainTitle(listens.join(', ')) ?? listens.join(', ')}>
            {domainText(listens.join(', '))}
          </span>,
          <span key="targets" className={`state tone-${tone}`}>
            {w('lb.well', { n: well, all: targets.length })}
          </span>,
          <span key="rules">{Object.keys(rules).join(', ')}</span>,
        ];
      }}
    />
  );
}

function NewBalancer({ onClose }: Readonly<{ onClose(): void }>) {
  const w = useWords(words);
  const navigate = useNavigate();
  const [name, setName] = useState('');
  return (
    <FormDialog
      title={w('lb.new')}
      text={w('lb.new.text')}
      label={w('lb.make')}
      way={{ cli: `berth lb create ${shellWord(name || 'NAME')}`, route: 'balancer.create', input: { name } }}
      isReady={name !== ''}
      onRun={async () => {
        await client.call('balancer.create', { name });
        await navigate({ to: '/router/balancer/$balancer', params: { balancer: name } });
      }}
      onClose={onClose}
    >
      <TextInput
        label={w('lb.name')}
        description={w('lb.name.hint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
    </FormDialog>
  );
}
