import { Button, NativeSelect, TextInput, Tooltip, useComputedColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { ContainerView } from '../../../../src/contract/v1/containers.ts';
import { readPreference, writePreference } from '../../app/preferences.ts';
import { useMay, useWho } from '../../app/session.tsx';
import { client } from '../../cluster/client.ts';
import { useText, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { shellWord } from '../../parts/format.ts';
import { Problem } from '../../parts/problem.tsx';
import { wordOf } from '../../parts/state.tsx';
import { argvOf } from './argv.ts';
import { type Ended, socketFor, TerminalConnection } from './connection.ts';
import { newScreen, type Screen } from './screen.ts';
import './terminal.css';
import { terminalWords } from './words.ts';

const COMMANDS = {
  auto: ['sh', '-c', 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi'],
  bash: ['bash'],
  sh: ['sh'],
  other: [],
} as const;
type Choice = keyof typeof COMMANDS;

type Asked = Readonly<{ command: readonly string[]; user?: string; workingDir?: string }>;

type Props = Readonly<{
  container: ContainerView;
  /** Says why nobody knows whether it runs; undefined where that is known. */
  unknown: string | undefined;
}>;

/** A command in a container, with a terminal in the page. */
export function TerminalPanel({ container, unknown }: Props) {
  const t = useText();
  const w = useWords(terminalWords);
  const may = useMay();
  const { role } = useWho();
  const [choice, setChoice] = useState<Choice>('auto');
  const [text, setText] = useState('');
  const [user, setUser] = useState('');
  const [folder, setFolder] = useState('');
  const [problem, setProblem] = useState('');
  /** Counts the terminals that were opened here: each is a component of its own. */
  const [open, setOpen] = useState<Readonly<{ count: number; asked: Asked }>>();
  const [isOver, setOver] = useState(true);
  const opener = useRef<HTMLButtonElement>(null);
  const isRunning = container.state === 'running';
  const isAllowed = may('operator');
  const why = !isAllowed
    ? t('role.needs', { role: wordOf(t, 'role', role), needed: wordOf(t, 'role', 'operator') })
    : (unknown ?? (isRunning ? '' : w('notRunning')));

  const asked = (): Asked | string => {
    const more = {
      ...(user.trim() === '' ? {} : { user: user.trim() }),
      ...(folder.trim() === '' ? {} : { workingDir: folder.trim() }),
    };
    if (choice !== 'other') return { command: COMMANDS[choice], ...more };
    try {
      const command = argvOf(text);
      return command.length === 0 ? w('empty') : { command, ...more };
    } catch (thrown) {
      return w('quote', { quote: thrown instanceof Error ? thrown.message : '' });
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (why !== '') return;
    const wanted = asked();
    setProblem(typeof wanted === 'string' ? wanted : '');
    if (typeof wanted === 'string') return;
    setOpen({ count: (open?.count ?? 0) + 1, asked: wanted });
    setOver(false);
  };
  const shown = asked();
  const { command, user: as, workingDir }: Asked = typeof shown === 'string' ? { command: ['sh'] } : shown;
  const options = [
    ...(as === undefined ? [] : ['-u', shellWord(as)]),
    ...(workingDir === undefined ? [] : ['-w', shellWord(workingDir)]),
  ];
  const way = {
    cli: ['docker exec -it', ...options, shellWord(container.name), ...command.map(shellWord)].join(' '),
    route: 'terminal.open',
    input: { container: container.id, command, user: as, workingDir, columns: 80, rows: 24 },
  } as const;
  return (
    <section aria-label={w('label', { name: container.name })}>
      <form className="terminal-form" onSubmit={submit}>
        <NativeSelect
          label={w('command')}
          value={choice}
          onChange={(event) => setChoice(event.currentTarget.value as Choice)}
          data={[
            { value: 'auto', label: w('auto') },
            { value: 'bash', label: 'bash' },
            { value: 'sh', label: 'sh' },
            { value: 'other', label: w('other') },
          ]}
        />
        {choice === 'other' && (
          <TextInput
            label={w('argv')}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={problem === '' ? undefined : problem}
            title={w('argvHint')}
            autoComplete="off"
            spellCheck={false}
            style={{ flex: '1 1 220px', maxWidth: 460 }}
          />
        )}
        <TextInput
          label={w('user')}
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
          placeholder={w('userHint')}
          autoComplete="off"
          spellCheck={false}
          w={140}
        />
        <TextInput
          label={w('folder')}
          value={folder}
          onChange={(event) => setFolder(event.currentTarget.value)}
          placeholder={w('userHint')}
          autoComplete="off"
          spellCheck={false}
          w={170}
        />
        {isOver ? (
          <Tooltip label={why} disabled={why === ''}>
            <Button
              ref={opener}
              type="submit"
              data-disabled={why !== '' || undefined}
              aria-disabled={why !== ''}
              {...(why === '' ? {} : { 'aria-description': why })}
            >
              {w(open === undefined ? 'open' : 'again')}
            </Button>
          </Tooltip>
        ) : (
          <Button ref={opener} variant="default" onClick={() => setOver(true)}>
            {w('close')}
          </Button>
        )}
        <CopyAs way={way} />
      </form>
      {open === undefined ? (
        <p className="note terminal-hint">{why === '' ? w('hint') : why}</p>
      ) : (
        <OpenTerminal
          key={open.count}
          container={container}
          asked={open.asked}
          isClosed={isOver}
          onOver={() => setOver(true)}
          onLeave={() => opener.current?.focus()}
        />
      )}
    </section>
  );
}

type OpenProps = Readonly<{
  container: ContainerView;
  asked: Asked;
  /** The person has closed it, or it has ended: what is on its screen stays. */
  isClosed: boolean;
  onOver(): void;
  onLeave(): void;
}>;

type Stage =
  | Readonly<{ is: 'opening' | 'open' | 'closed' }>
  | (Readonly<{ is: 'ended' }> & Ended)
  | Readonly<{ is: 'refused'; error: unknown }>;

function OpenTerminal({ container, asked, isClosed, onOver, onLeave }: OpenProps) {
  const w = useWords(terminalWords);
  const queries = useQueryClient();
  const isDark = useComputedColorScheme('light') === 'dark';
  const [isAloud, setAloud] = useState(readPreference('terminal-aloud') === 'yes');
  const [stage, setStage] = useState<Stage>({ is: 'opening' });
  const box = useRef<HTMLDivElement>(null);
  const screen = useRef<Screen>(undefined);
  const connection = useRef<TerminalConnection>(undefined);
  const label = w('screen', { name: container.name });

  // What it is opened with does not change: another one is another component.
  // biome-ignore lint/correctness/useExhaustiveDependencies: opened once
  useEffect(() => {
    if (box.current === null) return;
    const stop = new AbortController();
    const own = newScreen(box.current, label, {
      onInput: (bytes) => connection.current?.type(bytes),
      onSize: (columns, rows) => connection.current?.resize(columns, rows),
      onLeave,
    });
    screen.current = own;
    own.setLook({ isDark, isAloud });
    const over = (last: Stage) => {
      own.freeze();
      setStage(last);
      onOver();
    };
    const open = async () => {
      const { columns, rows } = own;
      const input = { container: container.id, ...asked, command: [...asked.command], columns, rows };
      const { ticket } = await client.call('terminal.open', input, { signal: stop.signal });
      if (stop.signal.aborted) return;
      connection.current = new TerminalConnection(socketFor(ticket), {
        onOpen: () => {
          setStage({ is: 'open' });
          // It may have got another size since it was asked for.
          connection.current?.resize(own.columns, own.rows);
          own.focus();
          // Its last line is where one types: below the fold it would not be seen.
          box.current?.scrollIntoView({ block: 'nearest' });
        },
        onOutput: (bytes, shown) => own.write(bytes, shown),
        onEnd: (ended) => over({ is: 'ended', ...ended }),
      });
    };
    open().catch((error: unknown) => {
      if (stop.signal.aborted) return;
      over({ is: 'refused', error });
    });
    return () => {
      stop.abort(new Error('the page has gone'));
      connection.current?.close();
      connection.current = undefined;
      own.dispose();
      void queries.invalidateQueries({ queryKey: ['audit'] });
    };
  }, []);

  useEffect(() => {
    if (!isClosed) return;
    connection.current?.close();
    screen.current?.freeze();
    setStage((now) => (now.is === 'open' || now.is === 'opening' ? { is: 'closed' } : now));
  }, [isClosed]);

  useEffect(() => screen.current?.setLook({ isDark, isAloud }), [isDark, isAloud]);

  return (
    <>
      {stage.is === 'refused' && (
        <div style={{ padding: '0 12px' }}>
          <Problem error={stage.error} />
        </div>
      )}
      <div
        ref={box}
        className={`terminal-box ${stage.is === 'open' || stage.is === 'opening' ? '' : 'over'}`}
        dir="ltr"
      />
      <p className="note terminal-foot">
        <span role="status">
          {stage.is === 'opening' && w('opening')}
          {stage.is === 'open' && <span className="state tone-good">{w('opened')}</span>}
          {stage.is === 'ended' && endText(stage, w)}
        </span>
        {stage.is === 'open' && <span>{w('leave')}</span>}
        <label style={{ marginLeft: 'auto' }}>
          <input
            type="checkbox"
            checked={isAloud}
            onChange={(event) => {
              writePreference('terminal-aloud', event.currentTarget.checked ? 'yes' : 'no');
              setAloud(event.currentTarget.checked);
            }}
          />{' '}
          {w('aloud')}
        </label>
      </p>
    </>
  );
}

type Words = ReturnType<typeof useWords<keyof (typeof terminalWords)['en']>>;

function endText({ reason, exitCode }: Ended, w: Words): string {
  if (exitCode !== undefined) return w('exited', { code: exitCode });
  return reason ?? w('lost');
}
