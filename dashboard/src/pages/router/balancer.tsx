import '../../parts/tab-page.css';
import './router.css';
import { Button, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { parseCheck, parseListen, parseTarget } from '../../../../src/contract/balancer-words.ts';
import { type BalancerView, ROUTE_FIELDS } from '../../../../src/contract/v1/balancers.ts';
import { type Action, waysAtOnce } from '../../actions/action.ts';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ActionButtons } from '../../actions/actions.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { useTitle } from '../../app/shell.tsx';
import { client } from '../../cluster/client.ts';
import { usePolledQuery } from '../../cluster/use-polled-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Domain } from '../../parts/domain.tsx';
import { domainText } from '../../parts/domain-text.ts';
import { useDraft } from '../../parts/draft.ts';
import { Empty } from '../../parts/empty.tsx';
import { type About, FormDialog, wayIfRead } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Theirs } from '../../parts/theirs.tsx';
import { Ago } from '../../parts/time.tsx';
import { balancerThere, removeBalancer } from './router-actions.ts';
import { ruleText } from './rule-text.ts';
import { words } from './words.ts';

const route = getRouteApi('/router/balancer/$balancer');
/** Whether targets answer is told by routers, without an event. */
const EVERY_MS = 2_000;
const NEEDS = 'operator';

type Form =
  | Readonly<{ kind: 'attach' | 'listen' | 'check' }>
  | Readonly<{ kind: 'weight'; target: string }>
  | Readonly<{ kind: 'rule'; name: string }>;

/** One balancer: where it listens, where it leads to, and how. */
export function BalancerPage() {
  const w = useWords(words);
  const { balancer: name } = route.useParams();
  useTitle(name);
  const [form, setForm] = useState<Form>();
  const query = usePolledQuery(
    ['balancers'],
    (signal) => client.call('balancer.list', undefined, { signal }),
    EVERY_MS,
  );
  const found = query.data?.balancers.find((one) => one.name === name);
  // Where it has gone, forms keep what was typed, and say so.
  const [known, setKnown] = useState(found);
  if (found !== undefined && found !== known) setKnown(found);
  return (
    <>
      <Asked query={query}>
        {() =>
          found === undefined ? (
            <div className="card">
              <Empty title={w('lb.gone', { name })} hint={w('lb.gone.hint')}>
                <Button
                  variant="default"
                  renderRoot={(props) => <Link {...props} to="/router" search={{ tab: 'balancers' }} />}
                >
                  {w('balancers')}
                </Button>
              </Empty>
            </div>
          ) : (
            <Balancer view={found} onForm={setForm} />
          )
        }
      </Asked>
      {form !== undefined && known !== undefined && (
        <Forms name={name} view={known} form={form} onClose={() => setForm(undefined)} />
      )}
    </>
  );
}

type Props = Readonly<{ view: BalancerView; onForm(form: Form): void }>;

function Balancer({ view, onForm }: Props) {
  const w = useWords(words);
  const t = useText();
  const { name, rules, sticky, check, createdAt, createdBy } = view;
  const remove = removeBalancer(view, w, t);
  const stick: Action = {
    id: 'lb-sticky',
    label: w(sticky ? 'lb.sticky.end' : 'lb.sticky.begin'),
    target: name,
    needs: NEEDS,
    way: {
      cli: `berth lb set ${name} --sticky ${sticky ? 'off' : 'on'}`,
      route: 'balancer.change',
      input: { balancer: name, sticky: !sticky, was: { sticky } },
    },
  };
  return (
    <>
      <div className="head">
        <h1>{name}</h1>
        <span className="note">
          {w('lb.created', { user: createdBy })} <Ago at={createdAt} />
        </span>
        <div className="head-side">
          <ActionButtons actions={[stick, remove]} />
          <CopyAs
            way={{ cli: `berth lb inspect ${name}`, route: 'balancer.list' }}
            more={waysAtOnce([stick])}
          />
        </div>
      </div>
      <div className="grid" style={{ '--least': '340px' } as React.CSSProperties}>
        <Listens view={view} onForm={onForm} />
        <Targets view={view} onForm={onForm} />
        <section className="card card-body">
          <div className="tab-head">
            <h2>{w('lb.rules')}</h2>
            <div className="head-side">
              <ChoiceButton
                label={w('lb.rule')}
                needs={NEEDS}
                open={() => onForm({ kind: 'rule', name: '' })}
              />
            </div>
          </div>
          {Object.keys(rules).length === 0 && <p className="note">{w('lb.rules.none')}</p>}
          <ul className="lines">
            {Object.entries(rules).map(([rule, value]) => (
              <li key={rule}>
                <code>{rule}</code>
                <bdi style={{ maxWidth: '60%' }}>{value}</bdi>
                <span className="side">
                  <ActionMenu
                    label={w('lb.more', { name: rule })}
                    items={[
                      {
                        id: 'edit',
                        label: w('lb.rule'),
                        needs: NEEDS,
                        open: () => onForm({ kind: 'rule', name: rule }),
                      },
                      {
                        id: 'drop',
                        label: w('lb.rule.drop', { name: rule }),
                        target: name,
                        needs: NEEDS,
                        way: {
                          cli: `berth lb set ${name} ${rule}=`,
                          route: 'balancer.change',
                          input: {
                            balancer: name,
                            rules: { [rule]: null },
                            was: { rules: { [rule]: value } },
                          },
                        },
                      },
                    ]}
                  />
                </span>
              </li>
            ))}
          </ul>
        </section>
        <section className="card card-body">
          <div className="tab-head">
            <h2>{w('lb.check')}</h2>
            <div className="head-side">
              <ChoiceButton
                label={w('lb.set')}
                needs={NEEDS}
                icon="settings"
                open={() => onForm({ kind: 'check' })}
              />
            </div>
          </div>
          <dl className="facts">
            <dt>{w('lb.check')}</dt>
            <dd>{checkText(check)}</dd>
            <dt>{w('lb.sticky')}</dt>
            <dd>{w(sticky ? 'option.on' : 'option.off')}</dd>
          </dl>
          <p className="note">{w('lb.sticky.hint')}</p>
        </section>
      </div>
    </>
  );

  function checkText(text: string): string {
    if (text === 'tcp' || text === 'none') return w(`lb.check.${text}`);
    return `${w('lb.check.http')}: ${text.slice('http:'.length)}`;
  }
}

function Listens({ view, onForm }: Props) {
  const { name, listens } = view;
  const w = useWords(words);
  const t = useText();
  return (
    <section className="card card-body">
      <div className="tab-head">
        <h2>{w('lb.listens')}</h2>
        <div className="head-side">
          <ChoiceButton label={w('lb.listen')} needs={NEEDS} open={() => onForm({ kind: 'listen' })} />
        </div>
      </div>
      {listens.length === 0 && <p className="note">{w('lb.listens.none')}</p>}
      <ul className="lines">
        {listens.map((listen) => (
          <li key={listen}>
            <Link to="/router/route/$route" params={{ route: listen }}>
              <Domain name={listen} />
            </Link>
            <span className="side">
              <ActionMenu
                label={w('lb.more', { name: domainText(listen) })}
                items={[
                  {
                    id: 'unlisten',
                    label: w('lb.unlisten'),
                    target: listen,
                    needs: NEEDS,
                    isDangerous: true,
                    way: {
                      cli: `berth lb listen ${name} ${shellWord(listen)} --off`,
                      route: 'balancer.change',
                      input: { balancer: name, unlisten: [listen] },
                    },
                    there: balancerThere(view, ({ listens }) => listens.includes(listen)),
                    confirm: {
                      title: w('lb.unlisten.title', { name: domainText(listen) }),
                      texts: [w('lb.unlisten.text')],
                      typed: { label: t('action.type', { name: listen }), word: listen },
                    },
                  },
                ]}
              />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Targets({ view, onForm }: Props) {
  const { name, targets } = view;
  const w = useWords(words);
  const said = useSaid();
  const t = useText();
  return (
    <section className="card card-body">
      <div className="tab-head">
        <h2>{w('lb.targets')}</h2>
        <div className="head-side">
          <ChoiceButton label={w('lb.attach')} needs={NEEDS} open={() => onForm({ kind: 'attach' })} />
        </div>
      </div>
      {targets.length === 0 && <p className="note">{w('lb.targets.none')}</p>}
      <ul className="lines">
        {targets.map(({ name: target, weight, problem, failing, address }) => (
          <li key={target}>
            <Domain name={target} />
            {address !== undefined && address !== target && <span className="note mono">{address}</span>}
            <span className="side">
              <span
                className={`state tone-${problem !== undefined ? 'bad' : weight === 0 ? 'idle' : 'good'}`}
              >
                {problem === undefined
                  ? w(weight === 0 ? 'lb.drained' : 'lb.reached')
                  : w(failing.length > 0 ? 'lb.failing' : 'lb.unreached')}
              </span>
              <span className="note">
                {w('lb.weight')} {weight}
              </span>
              <ActionMenu
                label={w('lb.more', { name: target })}
                items={[
                  {
                    id: 'weight',
                    label: w('lb.weight'),
                    needs: NEEDS,
                    open: () => onForm({ kind: 'weight', target }),
                  },
                  {
                    id: 'detach',
                    label: w('lb.detach'),
                    target,
                    needs: NEEDS,
                    isDangerous: true,
                    way: {
                      cli: `berth lb detach ${name} ${shellWord(target)}`,
                      route: 'balancer.change',
                      input: { balancer: name, detach: [target] },
                    },
                    there: balancerThere(view, (found) => found.targets.some((one) => one.name === target)),
                    confirm: {
                      title: w('lb.detach.title', { name: target }),
                      texts: [w(targets.length === 1 ? 'lb.detach.last' : 'lb.detach.text')],
                      typed: { label: t('action.type', { name: target }), word: target },
                    },
                  },
                ]}
              />
            </span>
            {problem !== undefined && <small>{said(problem)}</small>}
          </li>
        ))}
      </ul>
    </section>
  );
}

type FormProps = Readonly<{
  name: string;
  view: BalancerView;
  form: Form;
  onClose(): void;
}>;

function Forms({ name, view, form, onClose }: FormProps) {
  const own = { name, about: { name, there: balancerThere(view) }, onClose } as const;
  switch (form.kind) {
    case 'attach':
      return <Attach {...own} />;
    case 'listen':
      return <Listen {...own} />;
    case 'weight':
      return (
        <Weight
          {...own}
          about={{
            name: form.target,
            there: balancerThere(view, (found) => found.targets.some((one) => one.name === form.target)),
          }}
          target={form.target}
          targets={view.targets}
        />
      );
    case 'rule':
      return <Rule {...own} rule={form.name} rules={view.rules} />;
    case 'check':
      return <Check {...own} now={view.check} />;
  }
}

type Own = Readonly<{ name: string; about: About; onClose(): void }>;

function Attach({ name, about, onClose }: Own) {
  const w = useWords(words);
  const [target, setTarget] = useState('');
  const [weight, setWeight] = useState<number | string>(100);
  const input = () => ({ balancer: name, attach: [parseTarget(target.trim(), Number(weight))] });
  return (
    <FormDialog
      title={w('lb.attach')}
      text={w('lb.attach.text')}
      label={w('lb.attach')}
      isReady={target !== '' && weight !== ''}
      way={wayIfRead(() => ({
        cli: `berth lb attach ${name} ${shellWord(target.trim())} --weight ${weight}`,
        route: 'balancer.change',
        input: input(),
      }))}
      onRun={() => client.call('balancer.change', input())}
      about={about}
      onClose={onClose}
    >
      <TextInput
        label={w('lb.target')}
        description={w('lb.target.hint')}
        value={target}
        onChange={(event) => setTarget(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <WeightField value={weight} onChange={setWeight} />
    </FormDialog>
  );
}

type FieldProps = Readonly<{ value: number | string; onChange(value: number | string): void }>;

function WeightField({ value, onChange }: FieldProps) {
  const w = useWords(words);
  return (
    <NumberInput
      label={w('lb.weight')}
      description={w('lb.weight.hint')}
      min={0}
      max={100}
      allowDecimal={false}
      value={value}
      onChange={onChange}
    />
  );
}

type WeightProps = Own & Readonly<{ target: string; targets: BalancerView['targets'] }>;

function Weight({ name, about, target, targets, onClose }: WeightProps) {
  const w = useWords(words);
  const found = targets.find((one) => one.name === target)?.weight;
  // One that is gone by now has the weight that was seen.
  const [now, setNow] = useState<number | string>(found ?? 0);
  if (found !== undefined && found !== now) setNow(found);
  const draft = useDraft(now);
  const { value, base, theirs } = draft;
  const input = { balancer: name, weights: { [target]: Number(value) } };
  return (
    <FormDialog
      title={w('lb.weight.of', { name: target })}
      label={w('lb.set')}
      isReady={value !== '' && theirs === undefined}
      way={{
        cli: `berth lb weight ${name} ${shellWord(target)} ${value}`,
        route: 'balancer.change',
        input,
      }}
      onRun={() => client.call('balancer.change', { ...input, was: { weights: { [target]: Number(base) } } })}
      about={about}
      onClose={onClose}
    >
      <WeightField value={value} onChange={draft.choose} />
      <Others draft={draft} />
    </FormDialog>
  );
}

/** What somebody else has set meanwhile, in place of what was there when the form was begun. */
function Others({ draft }: Readonly<{ draft: ReturnType<typeof useDraft<number | string>> }>) {
  const w = useWords(words);
  const { base, theirs, drop, insist } = draft;
  if (theirs === undefined) return null;
  const shown = (value: number | string) => (value === '' ? w('lb.theirs.none') : `“${value}”`);
  return (
    <Theirs onTake={drop} onInsist={insist}>
      {w('lb.theirs', { now: shown(theirs), base: shown(base) })}
    </Theirs>
  );
}

function Listen({ name, about, onClose }: Own) {
  const w = useWords(words);
  const [where, setWhere] = useState('');
  const [names, setNames] = useState('');
  const isPort = where.trim().startsWith(':');
  const tls = isPort ? names.split(/[\s,]+/).filter(Boolean) : [];
  const input = () => ({ balancer: name, listen: [parseListen(where.trim(), tls)] });
  return (
    <FormDialog
      title={w('lb.listen')}
      text={w('lb.listen.text')}
      label={w('lb.listen')}
      isReady={where.trim() !== ''}
      way={wayIfRead(() => ({
        cli: [
          'berth lb listen',
          name,
          shellWord(where.trim()),
          ...tls.map((one) => `--tls-name ${shellWord(one)}`),
        ].join(' '),
        route: 'balancer.change',
        input: input(),
      }))}
      onRun={() => client.call('balancer.change', input())}
      about={about}
      onClose={onClose}
    >
      <TextInput
        label={w('lb.where')}
        description={w('lb.where.hint')}
        value={where}
        onChange={(event) => setWhere(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      {isPort && (
        <TextInput
          label={w('lb.tlsNames')}
          description={w('lb.tlsNames.hint')}
          value={names}
          onChange={(event) => setNames(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </FormDialog>
  );
}

type RuleProps = Own & Readonly<{ rule: string; rules: BalancerView['rules'] }>;

function Rule({ name, about, rule: before, rules, onClose }: RuleProps) {
  const w = useWords(words);
  const { language } = useLanguage();
  const [rule, setRule] = useState(before === '' ? (Object.keys(ROUTE_FIELDS)[0] ?? '') : before);
  const draft = useDraft<number | string>(rules[rule] ?? '');
  const { base, theirs } = draft;
  const value = String(draft.value);
  const field = ROUTE_FIELDS[rule];
  const input = { balancer: name, rules: { [rule]: value } };
  return (
    <FormDialog
      title={w('lb.rule')}
      {...(field === undefined ? {} : { text: ruleText(rule, language) })}
      label={w('lb.set')}
      isReady={value.trim() !== '' && theirs === undefined}
      way={{
        cli: `berth lb set ${name} ${shellWord(`${rule}=${value}`)}`,
        route: 'balancer.change',
        input,
      }}
      onRun={() =>
        client.call('balancer.change', {
          ...input,
          was: { rules: { [rule]: base === '' ? null : String(base) } },
        })
      }
      about={about}
      onClose={onClose}
    >
      <NativeSelect
        label={w('lb.rule.name')}
        value={rule}
        disabled={before !== ''}
        onChange={({ currentTarget }) => {
          draft.drop();
          setRule(currentTarget.value);
        }}
        data={Object.keys(ROUTE_FIELDS)}
      />
      <Textarea
        label={w('lb.rule.value')}
        description={w('lb.rule.example', { example: field?.example ?? '' })}
        value={value}
        onChange={(event) => draft.choose(event.currentTarget.value)}
        rows={3}
        spellCheck={false}
        data-autofocus
      />
      <Others draft={draft} />
    </FormDialog>
  );
}

/** A check in two fields. */
const kindOf = (check: string) => (check.startsWith('http:') ? 'http' : check);
const pathOf = (check: string) => (check.startsWith('http:') ? check.slice('http:'.length) : '/');

function Check({ name, about, now, onClose }: Own & Readonly<{ now: string }>) {
  const w = useWords(words);
  const draft = useDraft<number | string>(now);
  const { base, theirs } = draft;
  const value = String(draft.value);
  // What was typed stays while another kind is looked at.
  const [path, setPath] = useState(pathOf(now));
  const kind = kindOf(value);
  const input = () => ({ balancer: name, check: parseCheck(value) ?? null });
  return (
    <FormDialog
      title={w('lb.check')}
      text={w('lb.check.hint')}
      label={w('lb.set')}
      isReady={theirs === undefined}
      way={wayIfRead(() => ({
        cli: `berth lb set ${name} --check ${shellWord(value)}`,
        route: 'balancer.change',
        input: input(),
      }))}
      onRun={() => client.call('balancer.change', { ...input(), was: { check: String(base) } })}
      about={about}
      onClose={onClose}
    >
      <NativeSelect
        label={w('lb.check')}
        value={kind}
        onChange={({ currentTarget }) =>
          draft.choose(currentTarget.value === 'http' ? `http:${path}` : currentTarget.value)
        }
        data={(['tcp', 'http', 'none'] as const).map((one) => ({ value: one, label: w(`lb.check.${one}`) }))}
      />
      {kind === 'http' && (
        <TextInput
          label={w('lb.check.path')}
          value={pathOf(value)}
          onChange={({ currentTarget }) => {
            setPath(currentTarget.value);
            draft.choose(`http:${currentTarget.value}`);
          }}
          spellCheck={false}
        />
      )}
      <Others draft={draft} />
    </FormDialog>
  );
}
