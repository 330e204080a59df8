import { useState } from 'react';
import type { TriggerView } from '../../../../src/contract/v1/triggers.ts';
import type { Action } from '../../actions/action.ts';
import { ActionButtons } from '../../actions/actions.tsx';
import { client } from '../../cluster/client.ts';
import { thereBy } from '../../cluster/there.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { type Text, useText, useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { RoleButton } from '../../parts/role-button.tsx';
import { Ago } from '../../parts/time.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { TriggerDialog } from './trigger-dialog.tsx';
import { waysWords } from './ways-words.ts';
import './table.css';

type Props = Readonly<{ stack: string; service: string }>;

/** URLs that do one thing to the service, for whoever has them. */
export function Triggers({ stack, service }: Props) {
  const w = useWords(waysWords);
  const t = useText();
  const [isMaking, setMaking] = useState(false);
  const { data, error } = useLiveQuery(['triggers'], (signal) =>
    client.call('trigger.list', undefined, { signal }),
  );
  const own = data?.triggers.filter((one) => one.stack === stack && one.service === service) ?? [];
  return (
    <section className="card card-body release" aria-labelledby="triggers">
      <div className="head" style={{ marginBottom: 6 }}>
        <h2 id="triggers" style={{ margin: 0 }}>
          {w('triggers')}
        </h2>
        <div className="head-side">
          <RoleButton
            needs="operator"
            variant="default"
            leftSection={<Icon name="plus" size={16} />}
            onClick={() => setMaking(true)}
          >
            {w('create')}
          </RoleButton>
        </div>
      </div>
      <p className="note">{w('triggers.hint')}</p>
      {data === undefined && (error === null ? <Waiting /> : <Problem error={error} />)}
      {data !== undefined && own.length === 0 && <p className="note">{w('triggers.none')}</p>}
      {own.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
        <div className="table" tabIndex={0} role="group" aria-labelledby="triggers">
          <table>
            <thead>
              <tr>
                <th scope="col">{w('name')}</th>
                <th scope="col">{w('does')}</th>
                <th scope="col">{w('made')}</th>
                <th scope="col">{w('used')}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {own.map((trigger) => (
                <tr key={trigger.id}>
                  <th scope="row">{trigger.name}</th>
                  <td>
                    {trigger.action.kind === 'redeploy'
                      ? w('does.redeploy')
                      : w('does.scale', { min: trigger.action.min, max: trigger.action.max })}
                  </td>
                  <td>
                    <Ago at={trigger.createdAt} /> <bdi>{w('by', { by: trigger.createdBy })}</bdi>
                  </td>
                  <td>
                    <Ago at={trigger.firedAt ?? 0} />
                  </td>
                  <td>
                    <ActionButtons actions={[endAction(trigger, w, t)]} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {isMaking && <TriggerDialog stack={stack} service={service} onClose={() => setMaking(false)} />}
    </section>
  );
}

function endAction(
  { id, name }: TriggerView,
  w: ReturnType<typeof useWords<keyof (typeof waysWords)['en']>>,
  t: Text,
): Action {
  return {
    ...{ id: 'end-trigger', label: w('end'), target: name, needs: 'operator', isDangerous: true },
    way: { cli: `berth trigger rm ${id}`, route: 'trigger.delete', input: { id } },
    there: thereBy('trigger.list', undefined, ({ triggers }) => triggers.some((one) => one.id === id)),
    confirm: {
      title: w('end.title', { name }),
      texts: [w('end.text')],
      typed: { label: t('action.sure', { name }), word: name },
    },
  };
}
