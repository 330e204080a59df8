import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import {
  bracketMatching,
  getIndentUnit,
  type IndentContext,
  indentOnInput,
  indentService,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { ComposeProblem } from '../../../../src/contract/v1/stack-sources.ts';
import { styleNonce } from '../../app/style-nonce.ts';
import { type Known, offersAt } from './compose-words.ts';
import { yamlPlace } from './yaml-place.ts';
import './code-editor.css';

/** Put by the page itself, not typed by a person. */
const FROM_OUTSIDE = Annotation.define<true>();

type Place = Readonly<{ line: number; column: number /** Each jump is another one. */; id: number }>;

type Props = Readonly<{
  /** For screen readers. */
  label: string;
  value: string;
  onChange(value: string): void;
  isYaml: boolean;
  problems: readonly ComposeProblem[];
  known: Known | undefined;
  /** Where the cursor is to go. */
  jump: Place | undefined;
  isReadOnly: boolean;
  /** Ctrl-S, Ctrl-Enter. */
  onSubmit(): void;
}>;

/** So long Tab leads out of the text behind Escape, unless another key is pressed: CodeMirror's two seconds are few. */
const LEAVE_MS = 60_000;

/** Whatever else Escape does, it does. */
function isLeft(view: EditorView): false {
  view.setTabFocusMode(LEAVE_MS);
  return false;
}

/** CodeMirror, with what the manager has said of the text at its lines. The text is the page's: it outlives this part. */
export function CodeEditor(props: Props) {
  const { label, value, isYaml, isReadOnly, problems, jump } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const language = useRef(new Compartment());
  const writing = useRef(new Compartment());

  useEffect(() => {
    if (host.current === null) return;
    const { label: name, value: doc, isYaml: isIt, isReadOnly: isShut } = latest.current;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc,
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          ...[lineNumbers(), highlightSpecialChars(), history(), drawSelection(), indentOnInput()],
          ...[
            indentUnit.of('  '),
            indentService.of(belowKey),
            bracketMatching(),
            closeBrackets(),
            highlightActiveLine(),
            lintGutter(),
          ],
          ...[highlightSelectionMatches(), syntaxHighlighting(classHighlighter)],
          autocompletion({
            override: [(context) => complete(context, latest.current)],
            icons: false,
            maxRenderedOptions: 12,
          }),
          keymap.of([
            { key: 'Escape', run: (shown) => isLeft(shown) },
            { key: 'Mod-Enter', run: () => submitted(latest.current) },
            { key: 'Mod-s', run: () => submitted(latest.current), preventDefault: true },
            ...[...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...lintKeymap],
            ...[...historyKeymap, ...defaultKeymap, indentWithTab],
          ]),
          EditorView.contentAttributes.of({ 'aria-label': name, spellcheck: 'false', tabindex: '0' }),
          language.current.of(isIt ? yaml() : []),
          writing.current.of(EditorState.readOnly.of(isShut)),
          EditorView.updateListener.of((update) => {
            const isOurs = update.transactions.some((one) => one.annotation(FROM_OUTSIDE) === true);
            if (update.docChanged && !isOurs) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    const made = view.current;
    if (made === undefined || made.state.doc.toString() === value) return;
    made.dispatch({
      changes: { from: 0, to: made.state.doc.length, insert: value },
      annotations: FROM_OUTSIDE.of(true),
    });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(isYaml ? yaml() : []) });
  }, [isYaml]);

  useEffect(() => {
    view.current?.dispatch({
      effects: writing.current.reconfigure(EditorState.readOnly.of(isReadOnly)),
    });
  }, [isReadOnly]);

  useEffect(() => {
    view.current?.contentDOM.setAttribute('aria-label', label);
  }, [label]);

  useEffect(() => {
    const made = view.current;
    if (made === undefined) return;
    const told = problems.map((one) => diagnosticOf(made.state.doc, one));
    made.dispatch(setDiagnostics(made.state, told));
  }, [problems]);

  useEffect(() => {
    const made = view.current;
    if (made === undefined || jump === undefined) return;
    const { from, to } = lineAt(made.state.doc, jump.line);
    const anchor = Math.min(to, from + jump.column - 1);
    made.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
    made.focus();
  }, [jump]);

  return <div className="code-editor" ref={host} />;
}

function submitted({ onSubmit }: Props): boolean {
  onSubmit();
  return true;
}

/** On Enter after a key that has nothing beside it: what belongs to it stands deeper. YAML's own rules leave it where it is. */
function belowKey(context: IndentContext, pos: number): number | undefined {
  if (context.simulatedBreak !== pos) return undefined;
  const { text } = context.lineAt(pos, -1);
  if (!/^[^#]*:\s*$/.test(text)) return undefined;
  return context.lineIndent(pos, -1) + getIndentUnit(context.state);
}

function lineAt(doc: Text, line: number) {
  return doc.line(Math.min(doc.lines, Math.max(1, line)));
}

/** From the place to the end of the word there; a text that was typed on since may be shorter. */
function diagnosticOf(doc: Text, { line, column, key, message, severity }: ComposeProblem): Diagnostic {
  const { from: start, to: end, text } = lineAt(doc, line);
  const from = Math.min(end, start + column - 1);
  const word = /^[^\s:,\]}]+/.exec(text.slice(from - start))?.[0] ?? '';
  const to = Math.min(end, from + Math.max(1, word.length));
  return { from, to, severity, message: key === '' ? message : `${key}: ${message}` };
}

function complete(
  { state, pos, explicit }: CompletionContext,
  { known, isYaml }: Props,
): CompletionResult | null {
  if (known === undefined || !isYaml) return null;
  const line = state.doc.lineAt(pos);
  const text = state.doc.toString();
  const above = text.slice(0, line.from).split('\n').slice(0, -1);
  const place = yamlPlace(text.slice(line.from, pos), above);
  if (place === undefined || (place.typed === '' && !explicit)) return null;
  const rest = text.slice(pos, line.to).trim();
  const options = offersAt(place, text, known).map(
    ({ word, kind, words, insert }): Completion => ({
      label: word,
      type: kind === 'key' ? 'property' : 'constant',
      apply: rest === '' ? insert : word,
      ...(words === '' ? {} : { info: () => infoOf(words) }),
    }),
  );
  return options.length === 0 ? null : { from: pos - place.typed.length, options, validFor: /^[\w.-]*$/ };
}

function infoOf(words: string): Node {
  const node = document.createElement('div');
  node.textContent = words;
  return node;
}
