import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton } from '../../parts/role-button.tsx';
import {
  changeOf,
  differences,
  type LabelRow,
  type Labels,
  problemOf,
  rebase,
  rowsOf,
} from './label-edit.ts';
import { LabelRows } from './label-rows.tsx';
import { useFailureDomains } from './use-failure-domains.ts';
import { words } from './words.ts';

/** What the host is, said by its labels, and the form that changes them. */
export function LabelsCard({ node }: Readonly<{ node: Node }>) {
  const t = useText();
  const w = useWords(words);
  const [isOpen, setOpen] = useState(false);
  return (
    <section className="card card-body" aria-labelledby="labels">
      <div className="host-card-head">
        <h2 id="labels">{t('host.labels')}</h2>
        {!isOpen && (
          <RoleButton needs="admin" variant="default" size="compact-sm" onClick={() => setOpen(true)}>
            {w('edit.open')}
          </RoleButton>
        )}
      </div>
      {isOpen ? <LabelForm node={node} onClose={() => setOpen(false)} /> : <LabelList labels={node.labels} />}
    </section>
  );
}

function LabelList({ labels }: Readonly<{ labels: Labels }>) {
  const t = useText();
  const all = rowsOf(labels);
  if (all.length === 0) return <p className="note">{t('host.labels.none')}</p>;
  return (
    <div className="host-labels">
      {all.map(({ key, value }) => (
        <span key={key} className="label">
          <bdi>
            {key}={value}
          </bdi>
        </span>
      ))}
    </div>
  );
}

/** With a line to type in at once where there is none yet. */
function firstRows(labels: Labels): readonly LabelRow[] {
  const rows = rowsOf(labels);
  return rows.length > 0 ? rows : [{ id: 0, key: '', value: '' }];
}

function LabelForm({ node, onClose }: Readonly<{ node: Node; onClose(): void }>) {
  const t = useText();
  const w = useWords(words);
  const { show } = useToasts();
  const queries = useQueryClient();
  const [before, setBefore] = useState<Labels>(node.labels);
  const [rows, setRows] = useState(() => firstRows(node.labels));
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const domains = useFailureDomains();
  const others = differences(before, node.labels);
  const problem = problemOf(rows, (key) => w('edit.twice', { key }));
  const change = changeOf(before, rows);
  const isSame = Object.keys(change.add).length + change.remove.length === 0;
  const input = { node: node.id, add: change.add, remove: [...change.remove] };

  const take = (keep: 'mine' | 'theirs') => {
    setRows(rebase(before, rows, node.labels, keep));
    setBefore(node.labels);
    setError(undefined);
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (problem !== undefined || others.length > 0) return;
    if (isSame) {
      onClose();
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      await client.call('node.label', { ...input, was: before });
      show({ tone: 'good', title: t('action.done', { label: t('host.labels'), target: node.name }) });
      void queries.invalidateQueries();
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const changes = [
    ...Object.entries(change.add).map(([key, value]) => shellWord(`${key}=${value}`)),
    ...change.remove.map((key) => `${key}-`),
  ];
  return (
    <form onSubmit={(event) => void save(event)} className="host-label-form">
      <p className="note">{w('edit.hint')}</p>
      <LabelRows rows={rows} onChange={setRows} offered={domains} />
      {others.length > 0 && (
        <div className="health tone-busy" role="alert">
          <Icon name="warn" size={20} />
          <div>
            {w('edit.changed')}
            <ul>
              {others.map((one) => (
                <li key={one.key}>
                  <bdi>
                    {w('edit.was', {
                      key: one.key,
                      before: one.before ?? w('edit.nothing'),
                      now: one.now ?? w('edit.nothing'),
                    })}
                  </bdi>
                </li>
              ))}
            </ul>
            <div className="host-labels">
              <Button variant="default" size="compact-sm" onClick={() => take('theirs')}>
                {w('edit.theirs')}
              </Button>
              <Button variant="default" size="compact-sm" onClick={() => take('mine')}>
                {w('edit.mine')}
              </Button>
            </div>
          </div>
        </div>
      )}
      {problem !== undefined && (
        <div role="alert" className="state tone-bad host-problem">
          {problem}
        </div>
      )}
      {error !== undefined && <Problem error={error} />}
      <div className="host-labels">
        <Button type="submit" loading={isBusy} disabled={problem !== undefined || others.length > 0}>
          {w('edit.save')}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        {!isSame && problem === undefined && (
          <CopyAs
            way={{
              cli: `berth node label ${shellWord(node.name)} ${changes.join(' ')}`,
              route: 'node.label',
              input,
            }}
          />
        )}
      </div>
    </form>
  );
}
