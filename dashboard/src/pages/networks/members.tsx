import { Link } from '@tanstack/react-router';
import type { NetworkDetail } from '../../../../src/contract/v1/networks.ts';
import { useActions } from '../../actions/actions.tsx';
import { useText, useWords } from '../../i18n/text.tsx';
import { RowButton } from '../../parts/role-button.tsx';
import { State } from '../../parts/state.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import '../../parts/rows.css';
import { disconnectMember } from './network-actions.ts';
import { words } from './words.ts';

/** Who is in a network, on which host, and by which addresses and names. */
export function Members({ network }: Readonly<{ network: NetworkDetail }>) {
  const w = useWords(words);
  const t = useText();
  const { start } = useActions();
  return (
    <VirtualRows
      label={w('members')}
      rows={network.members}
      rowHeight={44}
      maxHeight="480px"
      columns="minmax(150px, 2fr) minmax(110px, 1fr) 0.8fr minmax(120px, 1.2fr) minmax(120px, 2fr) 110px"
      narrow="1.3fr 1fr 100px"
      heads={[
        { text: w('name') },
        { text: w('state'), wide: true },
        { text: w('host'), wide: true },
        { text: w('address') },
        { text: w('names'), wide: true },
        { text: t('palette.actions') },
      ]}
      render={(one) => [
        <Link key="name" to="/containers/$container" params={{ container: one.id }} title={one.name}>
          <bdi>{one.name}</bdi>
        </Link>,
        <State key="state" state={one.state} />,
        <Link key="host" className="quiet" to="/hosts/$host" params={{ host: one.hostName }}>
          {one.hostName}
        </Link>,
        <span key="address" className="mono" title={one.mac}>
          {[one.ipv4, one.ipv6].filter(Boolean).join(', ')}
        </span>,
        <span key="names" title={one.names.join(', ')}>
          <bdi>{one.names.join(', ')}</bdi>
        </span>,
        <RowButton
          key="disconnect"
          needs="operator"
          label={w('disconnectOf', { name: one.name })}
          text={w('disconnect')}
          onClick={() => start(disconnectMember(network, one, w))}
        />,
      ]}
    />
  );
}
