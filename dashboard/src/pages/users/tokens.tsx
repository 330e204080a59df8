import { NumberInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Role } from '../../../../src/contract/page-client.ts';
import type { ApiTokenView } from '../../../../src/contract/v1/access.ts';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { useWho } from '../../app/session.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { SecretOnce } from '../../parts/secret-once.tsx';
import { wordOf } from '../../parts/state.tsx';
import { Ago, Moment } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { RoleField } from './role-field.tsx';
import { removeToken } from './user-actions.ts';
import { words } from './words.ts';

/** Tokens are no events. */
const EVERY_MS = 5_000;

/** Tokens of every user, for admins. */
export function ApiTokens() {
  const query = usePolledQuery(
    ['tokens', 'all'],
    (signal) => client.call('apiToken.list', { all: true }, { signal }),
    EVERY_MS,
  );
  return (
    <Asked query={query}>
      {({ tokens }) => (
        <TokenList
          tokens={tokens.filter(({ session }) => !session)}
          cli="berth api-token ls --all"
          maxHeight="calc(100dvh - 260px)"
        />
      )}
    </Asked>
  );
}

/** Those of whoever is asking, log-ins too. */
export function OwnTokens() {
  const query = usePolledQuery(
    ['tokens', 'own'],
    (signal) => client.call('apiToken.list', {}, { signal }),
    EVERY_MS,
  );
  return (
    <Asked query={query}>
      {({ tokens }) => <TokenList tokens={tokens} cli="berth api-token ls" maxHeight="420px" />}
    </Asked>
  );
}

type ListProps = Readonly<{ tokens: readonly ApiTokenView[]; cli: string; maxHeight: string }>;

function TokenList({ tokens, cli, maxHeight }: ListProps) {
  const w = useWords(words);
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<Readonly<{ name: string; token: string }>>();
  return (
    <>
      <div className="tab-head">
        <span className="note">{w('token.count', { n: tokens.length })}</span>
        <div className="head-side">
          <CopyAs way={{ cli, route: 'apiToken.list' }} />
          <ChoiceButton label={w('token.new')} needs="viewer" isMain open={() => setMaking(true)} />
        </div>
      </div>
      <div className="card rows">
        {tokens.length === 0 ? (
          <Empty title={w('token.none')} hint={w('token.new.text')} />
        ) : (
          <Rows tokens={tokens} maxHeight={maxHeight} />
        )}
      </div>
      {isMaking && (
        <NewToken
          onClose={() => setMaking(false)}
          onMade={(name, token) => {
            setMaking(false);
            setMade({ name, token });
          }}
        />
      )}
      {made !== undefined && (
        <SecretOnce
          title={w('token.secret', { name: made.name })}
          secret={made.token}
          text={`${w('once')}. ${w('once.text')}`}
          label={w('once.done')}
          onClose={() => setMade(undefined)}
        />
      )}
    </>
  );
}

function Rows({ tokens, maxHeight }: Readonly<{ tokens: readonly ApiTokenView[]; maxHeight: string }>) {
  const w = useWords(words);
  const t = useText();
  const { user: own } = useWho();
  const now = Date.now();
  return (
    <VirtualRows
      label={w('tokens')}
      rows={tokens.toReversed()}
      rowHeight={48}
      maxHeight={maxHeight}
      columns="minmax(140px, 2fr) 110px minmax(90px, 1fr) 110px 120px minmax(150px, 1.3fr) 44px"
      narrow="1.6fr 1fr 44px"
      heads={[
        { text: w('token.name') },
        { text: w('token.kind'), wide: true },
        { text: w('token.user'), wide: true },
        { text: w('token.role'), wide: true },
        { text: w('token.created'), wide: true },
        { text: w('token.until') },
        { text: '' },
      ]}
      render={(one) => {
        const { name, user, role, createdAt, expiresAt, session, current } = one;
        return [
          <span key="name" title={name}>
            <bdi>{name}</bdi> {current === true && <span className="chip">{w('account.this')}</span>}
          </span>,
          <span key="kind">{w(session ? 'token.session' : 'token.program')}</span>,
          <span key="user">{user}</span>,
          <span key="role">{wordOf(t, 'role', role)}</span>,
          <Ago key="created" at={createdAt} />,
          <span key="until">
            {expiresAt === undefined ? (
              w('token.ever')
            ) : expiresAt <= now ? (
              <span className="state tone-idle hollow">{w('token.ended')}</span>
            ) : (
              <Moment at={expiresAt} />
            )}
          </span>,
          <span key="menu" className="row-menu">
            <ActionMenu label={w('more', { name })} items={[removeToken(one, own, w, t)]} />
          </span>,
        ];
      }}
    />
  );
}

type NewProps = Readonly<{ onClose(): void; onMade(name: string, token: string): void }>;

function NewToken({ onClose, onMade }: NewProps) {
  const w = useWords(words);
  const { role: most } = useWho();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>(most);
  const [days, setDays] = useState<number | string>(90);
  const input = { name, role, ...(days === '' ? {} : { ttlSeconds: Number(days) * 86_400 }) };
  const ttl = days === '' ? '' : ` --ttl ${days}d`;
  return (
    <FormDialog
      title={w('token.new')}
      text={w('token.new.text')}
      label={w('token.make')}
      way={{
        cli: `berth api-token create ${shellWord(name || 'NAME')} --role ${role}${ttl}`,
        route: 'apiToken.create',
        input,
      }}
      isReady={name !== ''}
      onRun={async () => {
        const { token } = await client.call('apiToken.create', input);
        onMade(name, token);
        return false;
      }}
      onClose={onClose}
    >
      <TextInput
        label={w('token.name')}
        description={w('token.name.hint')}
        value={name}
        maxLength={128}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        data-autofocus
      />
      <RoleField value={role} most={most} onChange={setRole} />
      <NumberInput
        label={w('token.days')}
        description={w('token.days.hint')}
        min={1}
        max={3650}
        allowDecimal={false}
        value={days}
        onChange={setDays}
      />
    </FormDialog>
  );
}
