import { hiderOf } from '../../compose/hidden-texts.ts';
import { composeSchema, LABELS, type Problem, problemText } from '../../compose/index.ts';
import type { SentAnswer, SentStack } from '../../compose/sent.ts';
import type { ComposeProblem } from '../../contract/v1/stack-sources.ts';
import { BerthError, messageOf } from '../../kit/errors.ts';
import type { StackRecord } from '../../model/deployment.ts';
import type { Stack, StackFile } from '../../model/stack.ts';
import type { StackSource } from '../../model/stack-source.ts';
import { sourceOf } from '../services/stack-sources.ts';
import { deployStack, planStack } from './deploy-stack.ts';
import type { ApiDeps } from './deps.ts';
import type { Handlers } from './handler.ts';
import { findStack } from './service-view.ts';

type Names = `stack.${'check' | 'apply' | 'source'}` | 'compose.schema';
type Sent = Readonly<{
  source: StackSource;
  contents: readonly Readonly<{ path: string; content: string }>[];
}>;

export const stackSourceHandlers: Handlers<Names> = {
  'stack.check': async ({ deps, params: { stack: name }, body, principal }) => {
    const read = await readFiles(deps, name, body, principal.user);
    const record = deps.store.view((tx) => tx.get('stacks', name));
    const common = {
      current: record === undefined ? null : deploymentOf(record),
      problems: problemsOf(read),
      absent: [...read.absent],
    };
    const nothing = { ...common, diff: null, refusals: [], warnings: [], spec: null };
    if (!read.ok) return nothing;
    const spec = withoutContents(read.stack);
    try {
      const { diff, warnings } = planStack(deps, read.stack);
      return { ...nothing, spec, diff, warnings: warnings.map(hiderOf(body.source)) };
    } catch (thrown) {
      if (!(thrown instanceof BerthError) || thrown.code === 'internal') throw thrown;
      const text = thrown.hint === undefined ? messageOf(thrown) : `${messageOf(thrown)} (${thrown.hint})`;
      return { ...nothing, spec, refusals: [hiderOf(body.source)(text)] };
    }
  },
  'stack.apply': async ({ deps, params: { stack: name }, body, principal }) => {
    const read = await readFiles(deps, name, body, principal.user);
    if (read.ok) {
      const how = { by: principal.user, expect: body.expect, source: read.source };
      const hide = hiderOf(body.source);
      try {
        const deployed = await deployStack(deps, read.stack, how);
        return { ...deployed, warnings: deployed.warnings.map(hide) };
      } catch (thrown) {
        if (!(thrown instanceof BerthError)) throw thrown;
        const { code, message, hint } = thrown;
        throw new BerthError(code, hide(message), hint === undefined ? {} : { hint: hide(hint) });
      }
    }
    const [first, ...more] = read.problems;
    const text = first === undefined ? 'the files are no stack' : problemText(first);
    throw new BerthError(
      read.tooLarge ? 'too_large' : 'bad_request',
      more.length === 0 ? text : `${text} (and ${more.length} more)`,
    );
  },
  'stack.source': ({ deps, params }) =>
    deps.store.view((tx) => {
      const record = findStack(tx, params.stack);
      const kept = sourceOf(tx, deps.vault.vault, record);
      return { ...deploymentOf(record), source: kept?.source ?? null, of: kept?.of ?? null };
    }),
  'compose.schema': () => ({
    schema: { ...composeSchema },
    labels: LABELS.filter(({ verdict }) => verdict === 'honoured').map(({ name, words }) => ({
      name,
      words,
    })),
  }),
};

function readFiles(
  { store, composeFiles }: ApiDeps,
  name: string,
  sent: Sent,
  user: string,
): Promise<SentAnswer> {
  const { configs = [], secrets = [] } = store.view((tx) => tx.get('stacks', name))?.stack ?? {};
  const kept = [...configs, ...secrets].flatMap((file): SentStack['kept'][number][] =>
    file.content.kind === 'kept'
      ? [{ kind: file.kind === 'stack-config' ? 'config' : 'secret', name: file.name, id: file.content.id }]
      : [],
  );
  const contents = sent.contents.map(({ path, content }) => ({
    path,
    bytes: Buffer.from(content, 'base64'),
  }));
  return composeFiles.read({ name, source: sent.source, contents, kept }, user);
}

function problemsOf(read: SentAnswer): ComposeProblem[] {
  const told = (severity: ComposeProblem['severity'], problems: readonly Problem[]) =>
    problems.map(({ at, key, message }) => ({
      ...{ severity, file: at.file, line: at.line, column: at.column, key, message },
    }));
  return [...told('error', read.ok ? [] : read.problems), ...told('warning', read.warnings)];
}

function deploymentOf({ generation, at, by }: StackRecord) {
  return { generation, at, by };
}

function withoutContents(stack: Stack): Stack {
  const without = (file: StackFile): StackFile =>
    file.content.kind === 'text' || file.content.kind === 'base64'
      ? { ...file, content: { kind: 'text', text: '' } }
      : file;
  return { ...stack, configs: stack.configs.map(without), secrets: stack.secrets.map(without) };
}
