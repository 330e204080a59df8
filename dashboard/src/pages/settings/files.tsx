import { Button, Group, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { FileView } from '../../../../src/contract/v1/files.ts';
import type { Action } from '../../actions/action.ts';
import { ActionMenu, type Choice } from '../../actions/action-menu.tsx';
import { ActionButtons } from '../../actions/actions.tsx';
import { ChoiceButton } from '../../actions/choice-button.tsx';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useLanguage, useText, useWords } from '../../i18n/text.tsx';
import { Asked } from '../../parts/asked.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FormDialog } from '../../parts/form-dialog.tsx';
import { bytesText, shellWord } from '../../parts/format.ts';
import { Ago } from '../../parts/time.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';
import { fromBase64, toBase64 } from './base64.ts';
import { removeFile } from './setting-actions.ts';
import { words } from './words.ts';

type Props = Readonly<{ noun: 'config' | 'secret' }>;

/** Configs or secrets, and who has them; of a secret nobody is shown the content. */
export function Files({ noun }: Props) {
  const w = useWords(words);
  const [isMaking, setMaking] = useState(false);
  const [shown, setShown] = useState<FileView>();
  const query = useLiveQuery(['files', noun], (signal) => client.call('file.list', { noun }, { signal }));
  const rotate: Action = {
    id: 'vault-rotate',
    label: w('file.rotate'),
    target: w('file.rotate.target'),
    needs: 'admin',
    way: { cli: 'berth secret rotate-key', route: 'vault.rotate' },
    confirm: { title: w('file.rotate.title'), texts: [w('file.rotate.text')] },
  };
  return (
    <>
      <Asked query={query}>
        {({ files }) => (
          <>
            <div className="tab-head">
              <span className="note">{w(`file.count.${noun}`, { n: files.length })}</span>
              <div className="head-side">
                <CopyAs way={{ cli: `berth ${noun} ls`, route: 'file.list', input: { noun } }} />
                {noun === 'secret' && <ActionButtons actions={[rotate]} />}
                <ChoiceButton
                  label={w(`file.new.${noun}`)}
                  needs="operator"
                  isMain
                  open={() => setMaking(true)}
                />
              </div>
            </div>
            <div className="card rows">
              {files.length === 0 ? (
                <Empty title={w(`file.none.${noun}`)} hint={w('file.none.hint')} />
              ) : (
                <Rows noun={noun} files={files} onShow={setShown} />
              )}
            </div>
          </>
        )}
      </Asked>
      {isMaking && <NewFile noun={noun} onClose={() => setMaking(false)} />}
      {shown !== undefined && <Content file={shown} onClose={() => setShown(undefined)} />}
    </>
  );
}

type RowsProps = Props & Readonly<{ files: readonly FileView[]; onShow(file: FileView): void }>;

function Rows({ noun, files, onShow }: RowsProps) {
  const w = useWords(words);
  const t = useText();
  const { language } = useLanguage();
  const itemsOf = (file: FileView): readonly (Action | Choice)[] => {
    const show: Choice = {
      id: 'file-show',
      label: w('file.show'),
      needs: 'operator',
      open: () => onShow(file),
    };
    const remove = removeFile(file, noun, w, t);
    return noun === 'config' ? [show, remove] : [remove];
  };
  return (
    <VirtualRows
      label={w(noun === 'config' ? 'configs' : 'secrets')}
      rows={files}
      rowHeight={48}
      maxHeight="calc(100dvh - 260px)"
      columns="minmax(140px, 1.6fr) 90px 1fr minmax(140px, 2fr) 130px 110px 44px"
      narrow="1.6fr 1.4fr 44px"
      heads={[
        { text: w('file.name') },
        { text: w('file.size'), wide: true },
        { text: w('file.stack'), wide: true },
        { text: w('file.users') },
        { text: w('file.created'), wide: true },
        { text: w('file.by'), wide: true },
        { text: '' },
      ]}
      render={(file) => {
        const { name, size, stack, services, containers, createdAt, createdBy } = file;
        const users = [...services, ...containers].join(', ');
        return [
          <strong key="name" title={name}>
            {name}
          </strong>,
          <span key="size">{bytesText(size, language)}</span>,
          <span key="stack">{stack}</span>,
          <span key="users" title={users}>
            {users === '' ? <span className="note">{w('file.unused')}</span> : users}
          </span>,
          <Ago key="created" at={createdAt} />,
          <span key="by">{createdBy}</span>,
          <span key="menu" className="row-menu">
            <ActionMenu label={w('file.of', { name })} items={itemsOf(file)} />
          </span>,
        ];
      }}
    />
  );
}

function NewFile({ noun, onClose }: Props & Readonly<{ onClose(): void }>) {
  const w = useWords(words);
  const { language } = useLanguage();
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [file, setFile] = useState<File>();
  const input = useRef<HTMLInputElement>(null);
  const run = async () => {
    const bytes =
      file === undefined ? new TextEncoder().encode(text) : new Uint8Array(await file.arrayBuffer());
    await client.call('file.create', { noun, name, content: toBase64(bytes) });
  };
  return (
    <FormDialog
      title={w(`file.new.${noun}`)}
      text={w(`file.new.${noun}.text`)}
      label={w('file.make')}
      isReady={name !== '' && (file !== undefined || text !== '')}
      way={{
        cli: `berth ${noun} create ${shellWord(name || 'NAME')} ${shellWord(file?.name ?? 'FILE')}`,
        route: 'file.create',
        input: { noun, name: name || 'NAME', content: 'BASE64' },
      }}
      onRun={run}
      onClose={onClose}
    >
      <TextInput
        label={w('file.name')}
        value={name}
        maxLength={128}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      {file === undefined && (
        <Textarea
          className="pem"
          label={w('file.content')}
          value={text}
          rows={8}
          onChange={(event) => setText(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      <Group>
        <input ref={input} type="file" hidden onChange={(event) => setFile(event.currentTarget.files?.[0])} />
        <Button variant="default" size="xs" onClick={() => input.current?.click()}>
          {w('file.file')}
        </Button>
        {file !== undefined && (
          <span className="note">
            {w('file.chosen', { name: file.name, size: bytesText(file.size, language) })}
          </span>
        )}
      </Group>
    </FormDialog>
  );
}

function Content({ file, onClose }: Readonly<{ file: FileView; onClose(): void }>) {
  const w = useWords(words);
  const t = useText();
  const { language } = useLanguage();
  const query = useQuery({
    queryKey: ['file', file.id],
    queryFn: ({ signal }) => client.call('file.get', { noun: 'config', file: file.id }, { signal }),
    gcTime: 0,
  });
  return (
    <Dialog
      onClose={onClose}
      title={<strong>{file.name}</strong>}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="xl"
    >
      <Asked query={query}>
        {({ content = '', size }) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys
          <section className="code wrap" tabIndex={0} aria-label={file.name}>
            {fromBase64(content) ?? w('file.binary', { size: bytesText(size, language) })}
          </section>
        )}
      </Asked>
    </Dialog>
  );
}
