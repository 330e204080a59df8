import type { Node } from '../../../../src/contract/v1/nodes.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Ago } from '../../parts/time.tsx';
import { words } from './words.ts';

type Props = Readonly<{
  node: Node;
  /** As `node.get` has it; undefined until that was read. */
  failover: Node['failover'];
}>;

/** Of a host that is not heard of: what that means for what ran on it. Of any other, what its agent has to say. */
export function SilentNote({ node: { state, reason, lastHeardAt }, failover }: Props) {
  const t = useText();
  const w = useWords(words);
  const said = useSaid();
  if (state !== 'suspect' && state !== 'down') {
    if (reason === '') return null;
    return (
      <div className="health tone-busy" role="status">
        <Icon name="warn" size={22} />
        <div>{said(reason)}</div>
      </div>
    );
  }
  const waiting = failover?.waiting ?? [];
  return (
    <div className={`health tone-${state === 'down' ? 'bad' : 'busy'}`} role="status">
      <Icon name={state === 'down' ? 'down' : 'warn'} size={22} />
      <div>
        <strong>{w(`silent.title.${state}`)}</strong>
        {reason !== '' && <div>{said(reason)}</div>}
        <div className="note">
          {t('host.heard')} <Ago at={lastHeardAt} />
        </div>
        <p>{failover?.held === true ? w('silent.held') : w(`silent.text.${state}`)}</p>
        {waiting.length > 0 && (
          <>
            <strong>{w('silent.waiting', { n: waiting.length })}</strong>
            <ul>
              {waiting.map((one) => (
                <li key={one.id}>
                  <bdi>{one.name}</bdi>: {said(one.reason)}
                </li>
              ))}
            </ul>
          </>
        )}
        {state === 'down' && <p className="note">{w('silent.back')}</p>}
      </div>
    </div>
  );
}
