import { Button, Checkbox, Group, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { BerthError } from '../../../../src/contract/page-client.ts';
import type { SettingsAnswer } from '../../../../src/contract/v1/cluster.ts';
import { useMay, useWho } from '../../app/session.tsx';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs, type Way } from '../../parts/copy.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { bytesText, coresText, shellWord } from '../../parts/format.ts';
import { Icon } from '../../parts/icons.tsx';
import { wordOf } from '../../parts/state.tsx';
import { Ago } from '../../parts/time.tsx';
import { keepTyped, type Typed, typedBy } from './open-settings.ts';
import { settingWords } from './setting-words.ts';
import {
  DEFAULTS,
  type Difference,
  type Draft,
  differences,
  fieldOf,
  kindOf,
  patchOf,
  problemOf,
  SETTING_KEYS,
  type SettingKey,
  settingText,
} from './settings-draft.ts';
import { words } from './words.ts';

/** Settings are no events: another one's change is seen after so long, milliseconds. */
const EVERY_MS = 5_000;

/** Groups in which the settings are shown; one that is new, and in none of them, comes behind. */
const GROUPS = {
  scheduling: [
    ...(['strategy', 'failureDomains', 'cpuOvercommit', 'memoryOvercommit'] as const),
    ...(['reservedCpuMilli', 'reservedMemory', 'plugins'] as const),
  ],
  failover: [
    ...(['suspectAfterMs', 'downAfterMs', 'downConfirmedAfterMs'] as const),
    ...(['failoverMaxShare', 'failoverWindowMs', 'failoverGraceMs'] as const),
  ],
  network: ['networkDriver', 'networkPools', 'addressGraceMs'],
  router: [
    ...(['appsDomain', 'routerPort', 'routerTlsPort', 'routerTrust'] as const),
    ...(['routerProxyFrom', 'drainMs', 'routerImage'] as const),
  ],
  acme: ['acmeTermsAgreed', 'acmeContact', 'acmeDirectory', 'acmeRoot'],
  engines: ['imageHosts', 'fanoutTimeoutMs'],
} as const satisfies Readonly<Record<string, readonly SettingKey[]>>;
const GROUPED: ReadonlySet<SettingKey> = new Set(Object.values(GROUPS).flat());
const OTHERS = SETTING_KEYS.filter((key) => !GROUPED.has(key));

/** All settings of the cluster, as a form. */
export function General() {
  const query = usePolledQuery(
    ['settings'],
    (signal) => client.call('settings.get', undefined, { signal }),
    EVERY_MS,
  );
  const { user, role } = useWho();
  // Outside of what is shown while it is asked for: what was typed stays, whatever becomes of the questions.
  const [{ draft, base }, setTyped] = useState(() => typedBy(user));
  const type = (typed: Typed) => {
    setTyped(typed);
    keepTyped(user, typed);
  };
  const may = useMay();
  const t = useText();
  return (
    <>
      {!may('admin') && (
        <p className="note">
          <Icon name="lock" size={15} />{' '}
          {t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', 'admin') })}
        </p>
      )}
      <Asked query={query}>
        {(latest) => (
          <Form
            latest={latest}
            base={base ?? latest}
            draft={draft}
            onDraft={(next) =>
              // From the first change on, it is a change of what was there then.
              type({ draft: next, base: Object.keys(next).length === 0 ? undefined : (base ?? latest) })
            }
            onBase={(next) => type({ draft, base: next })}
            onRead={() => query.refetch()}
          />
        )}
      </Asked>
    </>
  );
}

type FormProps = Readonly<{
  /** What is so now. */
  latest: SettingsAnswer;
  /** What the draft was made from. */
  base: SettingsAnswer;
  draft: Draft;
  onDraft(draft: Draft): void;
  onBase(base: SettingsAnswer): void;
  onRead(): Promise<unknown>;
}>;

function Form({ latest, base, draft, onDraft, onBase, onRead }: FormProps) {
  const w = useWords(words);
  const s = useWords(settingWords);
  const [isSaving, setSaving] = useState(false);
  const patch = patchOf(draft, base.settings);
  const keys = Object.keys(patch) as SettingKey[];
  const theirs = differences(base.settings, latest.settings);
  const isWrong = SETTING_KEYS.some((key) => {
    const typed = draft[key];
    return typed !== undefined && problemOf(key, typed) !== undefined;
  });
  const field = (key: SettingKey) => (
    <Field
      key={key}
      setting={key}
      before={base.settings}
      typed={draft[key]}
      onType={(typed) => {
        const next = { ...draft, [key]: typed };
        if (typed === fieldOf(base.settings[key])) delete next[key];
        onDraft(next);
      }}
    />
  );
  return (
    <>
      {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
        <section key={group} className="card card-body" style={{ marginBottom: 16 }}>
          <h2>{s(`group.${group}`)}</h2>
          {GROUPS[group].map(field)}
        </section>
      ))}
      {OTHERS.length > 0 && (
        <section className="card card-body" style={{ marginBottom: 16 }}>
          <h2>{s('group.others')}</h2>
          {OTHERS.map(field)}
        </section>
      )}
      {keys.length > 0 && theirs.length > 0 && (
        <Conflict theirs={theirs} draft={draft} onMine={() => onBase(latest)} onTheirs={() => onDraft({})} />
      )}
      {keys.length > 0 && (
        <div className="save-bar" role="status">
          <strong>{w('changed', { n: keys.length })}</strong>
          <span className="note">{keys.join(', ')}</span>
          <Group gap="xs">
            <Button variant="default" onClick={() => onDraft({})}>
              {w('discard')}
            </Button>
            <Button disabled={isWrong || theirs.length > 0} onClick={() => setSaving(true)}>
              {w('review')}
            </Button>
          </Group>
        </div>
      )}
      {keys.length === 0 && <CopyAs way={{ cli: 'berth settings ls', route: 'settings.get' }} />}
      {isSaving && (
        <Save
          base={base}
          draft={draft}
          onClose={() => setSaving(false)}
          onSaved={() => onDraft({})}
          onRead={onRead}
        />
      )}
    </>
  );
}

type FieldProps = Readonly<{
  setting: SettingKey;
  before: SettingsAnswer['settings'];
  typed: string | boolean | undefined;
  onType(typed: string | boolean): void;
}>;

function Field({ setting: key, before, typed, onType }: FieldProps) {
  const w = useWords(words);
  const s = useWords(settingWords);
  const { language } = useLanguage();
  const may = useMay();
  const id = useId();
  const value = typed ?? fieldOf(before[key]);
  const standard = fieldOf(DEFAULTS[key]);
  const problem = typed === undefined ? undefined : problemOf(key, typed);
  const isOpen = may('admin');
  const known = key in settingWords.en;
  const label = known ? s(key as keyof typeof settingWords.en) : key;
  const text = known ? s(`${key}.text` as keyof typeof settingWords.en) : '';
  const own = {
    'aria-labelledby': `${id}-label`,
    'aria-describedby': `${id}-text`,
    disabled: !isOpen,
    error: problem,
  } as const;
  const kind = kindOf(key);
  const meaning = typeof value === 'string' ? amountText(key, value, language) : undefined;
  return (
    <div className={typed === undefined ? 'setting' : 'setting changed'}>
      <div>
        <strong id={`${id}-label`}>{label}</strong> <code className="note">{key}</code>
        <p className="note" id={`${id}-text`}>
          {text}
        </p>
        {value !== standard && (
          <p className="note">
            {w('default', { value: settingText(DEFAULTS[key]) || w('empty') })}{' '}
            {isOpen && (
              <button
                type="button"
                className="setting-reset"
                aria-label={`${w('toDefault')}: ${key}`}
                onClick={() => onType(standard)}
              >
                {w('toDefault')}
              </button>
            )}
          </p>
        )}
      </div>
      <div>
        {typeof value === 'boolean' && (
          <Checkbox
            {...own}
            label={w(value ? 'yes' : 'no')}
            checked={value}
            onChange={(event) => onType(event.currentTarget.checked)}
          />
        )}
        {typeof value === 'string' && (kind === 'list' || key === 'acmeRoot') && (
          <Textarea
            {...own}
            value={value}
            rows={kind === 'list' ? Math.min(6, value.split('\n').length + 1) : 4}
            description={kind === 'list' ? w('lines') : undefined}
            onChange={(event) => onType(event.currentTarget.value)}
            spellCheck={false}
          />
        )}
        {typeof value === 'string' && kind !== 'list' && key !== 'acmeRoot' && (
          <TextInput
            {...own}
            value={value}
            inputMode={kind === 'number' ? 'decimal' : 'text'}
            {...(meaning === undefined ? {} : { description: meaning, inputWrapperOrder: ORDER })}
            onChange={(event) => onType(event.currentTarget.value)}
            spellCheck={false}
            autoComplete="off"
          />
        )}
      </div>
    </div>
  );
}

const ORDER: ('input' | 'description' | 'error')[] = ['input', 'description', 'error'];

/** What a number is, in the units of people: `2.5 s`. */
function amountText(key: SettingKey, typed: string, language: 'en' | 'zh'): string | undefined {
  const amount = Number(typed);
  if (typed.trim() === '' || !Number.isFinite(amount) || kindOf(key) !== 'number') return undefined;
  const number = (value: number) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value);
  if (key.endsWith('Ms')) return `= ${number(amount / 1000)} s`;
  if (key === 'reservedMemory') return `= ${bytesText(amount, language)}`;
  if (key === 'reservedCpuMilli') return `= ${coresText(amount, language)} CPU`;
  if (key.endsWith('Share')) return `= ${number(amount * 100)} %`;
  return undefined;
}

type ConflictProps = Readonly<{
  theirs: readonly Difference[];
  draft: Draft;
  onMine(): void;
  onTheirs(): void;
}>;

/** Somebody else has saved while this one was typing: what, who, and what now. */
function Conflict({ theirs, draft, onMine, onTheirs }: ConflictProps) {
  const w = useWords(words);
  const may = useMay();
  const last = useQuery({
    queryKey: ['settings', 'last', theirs.map(({ key, after }) => `${key}=${after}`).join()],
    queryFn: ({ signal }) => client.call('audit.list', { action: 'settings.change', limit: 1 }, { signal }),
    enabled: may('admin'),
  });
  const [by] = last.data?.entries ?? [];
  return (
    <section className="health tone-busy" role="alert" style={{ marginTop: 12 }}>
      <Icon name="warn" size={22} />
      <div style={{ minWidth: 0, flex: 1 }}>
        <strong>{w('conflict')}</strong>
        {by !== undefined && (
          <span className="note">
            {' '}
            {by.user} · <Ago at={by.at} />
          </span>
        )}
        <table className="diff" style={{ margin: '10px 0' }}>
          <thead>
            <tr>
              <th scope="col">{w('setting')}</th>
              <th scope="col">{w('was')}</th>
              <th scope="col">{w('theirs')}</th>
              <th scope="col">{w('mine')}</th>
            </tr>
          </thead>
          <tbody>
            {theirs.map(({ key, before, after }) => (
              <tr key={key}>
                <th scope="row">
                  <code>{key}</code>
                </th>
                <td>{before}</td>
                <td>{after}</td>
                <td>{draft[key] === undefined ? '–' : String(draft[key])}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <Group gap="xs">
          <Button onClick={onMine}>{w('keepMine')}</Button>
          <Button variant="default" onClick={onTheirs}>
            {w('takeTheirs')}
          </Button>
        </Group>
      </div>
    </section>
  );
}

type SaveProps = Readonly<{
  base: SettingsAnswer;
  draft: Draft;
  onClose(): void;
  onSaved(): void;
  onRead(): Promise<unknown>;
}>;

function Save({ base, draft, onClose, onSaved, onRead }: SaveProps) {
  const w = useWords(words);
  const { show } = useToasts();
  const queries = useQueryClient();
  const patch = patchOf(draft, base.settings);
  const keys = Object.keys(patch) as SettingKey[];
  const pairs = keys.map((key) =>
    patch[key] === null ? `--unset ${key}` : shellWord(`${key}=${settingText(patch[key] ?? null)}`),
  );
  const way: Way = { cli: `berth settings set ${pairs.join(' ')}`, route: 'settings.patch', input: patch };
  const run = async () => {
    try {
      const answer = await client.call('settings.patch', { ...patch, ifVersion: base.version });
      // What is typed next is a change of this.
      queries.setQueryData(['settings'], answer);
    } catch (thrown) {
      // The form shows who was quicker, and with what.
      if (thrown instanceof BerthError && thrown.code === 'conflict') {
        await onRead();
        return;
      }
      throw thrown;
    }
    onSaved();
    show({ tone: 'good', title: w('saved', { n: keys.length }) });
  };
  return (
    <FormDialog
      title={w('review.title')}
      text={w('review.text')}
      label={w('save')}
      way={way}
      onRun={run}
      onClose={onClose}
      size="xl"
    >
      <table className="diff">
        <thead>
          <tr>
            <th scope="col">{w('setting')}</th>
            <th scope="col">{w('now')}</th>
            <th scope="col">{w('after')}</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key}>
              <th scope="row">
                <code>{key}</code>
              </th>
              <td>{settingText(base.settings[key]) || w('empty')}</td>
              <td>{settingText(patch[key] ?? DEFAULTS[key]) || w('empty')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </FormDialog>
  );
}
