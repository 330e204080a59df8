import { Button, Group, Textarea, TextInput } from '@mantine/core';
import { type ChangeEvent, useRef, useState } from 'react';
import type { CertificateView } from '../../../../src/contract/v1/certificates.ts';
import { ActionMenu } from '../../actions/action-menu.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useSaid } from '../../i18n/said/use-said.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { domainText, domainTitle } from '../../parts/domain-text.ts';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { shellWord } from '../../parts/format.ts';
import { Theirs } from '../../parts/theirs.tsx';
import { Moment } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { removeCertificate } from './router-actions.ts';
import { words } from './words.ts';

/** Certificates that ingress hosts show. */
export function Certificates() {
  const w = useWords(words);
  const [form, setForm] = useState<'upload' | 'issue'>();
  const query = useLiveQuery(['certificates'], (signal) =>
    client.call('certificate.list', undefined, { signal }),
  );
  const buttons = (
    <>
      <ChoiceButton label={w('cert.issue')} needs="operator" open={() => setForm('issue')} />
      <ChoiceButton label={w('cert.upload')} needs="operator" isMain open={() => setForm('upload')} />
    </>
  );
  return (
    <>
      <Asked query={query}>
        {({ certificates }) => (
          <>
            <div className="tab-head">
              <span className="note">{w('cert.count', { n: certificates.length })}</span>
              <div className="head-side">
                <CopyAs way={{ cli: 'berth cert ls', route: 'certificate.list' }} />
                {buttons}
              </div>
            </div>
            <div className="card rows">
              {certificates.length === 0 ? (
                <Empty title={w('cert.none')} hint={w('cert.none.hint')} />
              ) : (
                <Rows certificates={certificates} />
              )}
            </div>
          </>
        )}
      </Asked>
      {form === 'upload' && (
        <Upload certificates={query.data?.certificates ?? []} onClose={() => setForm(undefined)} />
      )}
      {form === 'issue' && <Issue onClose={() => setForm(undefined)} />}
    </>
  );
}

const SOON_MS = 14 * 24 * 60 * 60_000;

function Rows({ certificates }: Readonly<{ certificates: readonly CertificateView[] }>) {
  const w = useWords(words);
  const t = useText();
  const said = useSaid();
  const now = Date.now();
  const sourceOf = ({ source }: CertificateView) =>
    source === 'upload' || source === 'cluster' || source === 'acme' ? w(`cert.source.${source}`) : source;
  return (
    <VirtualRows
      label={w('certificates')}
      rows={certificates.map((one) => ({ ...one, id: one.name }))}
      rowHeight={60}
      maxHeight="calc(100dvh - 260px)"
      columns="minmax(120px, 1fr) minmax(120px, 1.4fr) 120px minmax(200px, 1.2fr) minmax(140px, 2fr) 44px"
      narrow="1.2fr 1.2fr 44px"
      heads={[
        { text: w('cert.name') },
        { text: w('cert.domains'), wide: true },
        { text: w('cert.source'), wide: true },
        { text: w('cert.until') },
        { text: w('cert.worry'), wide: true },
        { text: '' },
      ]}
      render={(one) => {
        const { name, domains, shown, acme } = one;
        const worry = said(one.worry);
        const left = shown === undefined ? 0 : shown.notAfter - now;
        const tone = worry === '' ? 'good' : left <= 0 ? 'bad' : 'busy';
        return [
          <strong key="name" title={shown && w('cert.fingerprint', { fingerprint: shown.fingerprint })}>
            <bdi>{domainText(name)}</bdi>
          </strong>,
          <span key="domains" title={domainTitle(domains.join(', ')) ?? domains.join(', ')}>
            {domainText(domains.join(', '))}
          </span>,
          <span key="source">{sourceOf(one)}</span>,
          <span key="until" className={`state tone-${tone}`} title={worry}>
            {shown === undefined ? (
              w(acme?.ordered === true ? 'cert.ordered' : 'cert.waiting')
            ) : (
              <span>
                <Moment at={shown.notAfter} />
                {left <= SOON_MS && ` (${w(left <= 0 ? 'cert.ended' : 'cert.soon')})`}
              </span>
            )}
          </span>,
          <span key="worry" title={worry} style={{ whiteSpace: 'normal', fontSize: 13 }}>
            {worry === '' ? w('cert.well') : domainText(worry)}
          </span>,
          <span key="menu" className="row-menu">
            {one.source !== 'cluster' && (
              <ActionMenu label={w('cert.more', { name })} items={[removeCertificate(one, w, t)]} />
            )}
          </span>,
        ];
      }}
    />
  );
}

type UploadProps = Readonly<{ certificates: readonly CertificateView[]; onClose(): void }>;

function Upload({ certificates, onClose }: UploadProps) {
  const w = useWords(words);
  const { language } = useLanguage();
  const [name, setName] = useState('');
  const [chain, setChain] = useState('');
  const [key, setKey] = useState('');
  // Those that were there when the form was begun: in place of another one nothing is put unseen.
  const [seen, setSeen] = useState(certificates);
  const before = seen.find((one) => one.name === name);
  const now = certificates.find((one) => one.name === name);
  const isOther = before?.shown?.fingerprint !== now?.shown?.fingerprint;
  const what = now?.shown && {
    domains: domainText(now.domains.join(', ')),
    until: dateText(now.shown.notAfter, language),
    by: now.createdBy,
  };
  return (
    <FormDialog
      title={w('cert.upload.title')}
      text={w('cert.upload.text')}
      label={w('cert.upload')}
      size="xl"
      isReady={name !== '' && chain !== '' && key !== '' && !isOther}
      way={{
        cli: `berth cert add ${shellWord(name || 'NAME')} --chain fullchain.pem --key privkey.pem`,
        route: 'certificate.put',
        input: { certificate: name || 'NAME', chain: 'CHAIN', key: 'KEY' },
      }}
      onRun={() =>
        client.call('certificate.put', {
          ...{ certificate: name, chain, key, was: before?.shown?.fingerprint ?? null },
        })
      }
      onClose={onClose}
    >
      <TextInput
        label={w('cert.name')}
        description={w('cert.name.hint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      {what !== undefined && !isOther && <p className="note">{w('cert.replaces', what)}</p>}
      <Pem label={w('cert.chain')} value={chain} onChange={setChain} />
      <Pem label={w('cert.key')} value={key} onChange={setKey} />
      {isOther && (
        <Theirs onTake={onClose} onInsist={() => setSeen(certificates)}>
          {what === undefined ? w('cert.theirs.gone') : w('cert.theirs', what)}
        </Theirs>
      )}
    </FormDialog>
  );
}

const dateText = (at: number, language: string) =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(at);

type PemProps = Readonly<{ label: string; value: string; onChange(text: string): void }>;

function Pem({ label, value, onChange }: PemProps) {
  const w = useWords(words);
  const file = useRef<HTMLInputElement>(null);
  const take = ({ currentTarget: { files } }: ChangeEvent<HTMLInputElement>) => {
    void files?.[0]?.text().then(onChange);
  };
  return (
    <div className="pem">
      <Textarea
        label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        rows={6}
        autoComplete="off"
        spellCheck={false}
      />
      <Group mt={6}>
        <input ref={file} type="file" hidden onChange={take} />
        <Button variant="default" size="xs" onClick={() => file.current?.click()}>
          {w('cert.file')}
        </Button>
      </Group>
    </div>
  );
}

function Issue({ onClose }: Readonly<{ onClose(): void }>) {
  const w = useWords(words);
  const [text, setText] = useState('');
  const [name, setName] = useState('');
  const domains = text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter(Boolean);
  const input = { domains, ...(name === '' ? {} : { name }) };
  const cli = [
    'berth cert issue',
    ...domains.map(shellWord),
    ...(name === '' ? [] : ['--name', shellWord(name)]),
  ];
  return (
    <FormDialog
      title={w('cert.issue.title')}
      text={w('cert.issue.text')}
      label={w('cert.issue')}
      isReady={domains.length > 0}
      way={{ cli: cli.join(' '), route: 'certificate.issue', input }}
      onRun={() => client.call('certificate.issue', input)}
      onClose={onClose}
    >
      <Textarea
        label={w('cert.domains')}
        description={w('cert.domains.hint')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rows={3}
        spellCheck={false}
        data-autofocus
      />
      <TextInput
        label={w('cert.name')}
        description={w('cert.name.hint')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </FormDialog>
  );
}
