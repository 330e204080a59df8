import { LABEL_RESTART } from '../../model/labels.ts';
import { restartLabelProblem } from '../../model/restart-policy.ts';
import { nearest } from '../near.ts';
import { placeText, quoted } from '../problems.ts';
import { Reader } from '../reader.ts';
import { scalar } from '../tree.ts';
import { LABELS, PASSED_ON } from './table.ts';

/** What is wrong with the value of a label that other rooms read. */
const PASSED_VALUES: Readonly<Record<string, (value: string) => string | undefined>> = {
  restart: (value) => restartLabelProblem({ Image: '', Labels: { [LABEL_RESTART]: value } }),
  failover: oneOf('true', 'false'),
  partition: oneOf('fence', 'keep'),
};

function oneOf(...values: readonly string[]): (value: string) => string | undefined {
  return (value) =>
    values.includes(value) ? undefined : `is ${quoted(value)}, and must be ${values.join(' or ')}`;
}

const PREFIXES = ['aliyun.', 'berth.'] as const;

/** The labels of one service that mean something to Berth, by what stands behind `aliyun.` or `berth.`. */
export class LabelSet {
  readonly #found = new Map<string, Reader>();
  /** Whether there is one of Aliyun's. */
  readonly isAliyun: boolean;
  /** Those of `deploy.labels` that others read from the containers. */
  readonly passedOn: Readonly<Record<string, string>>;
  readonly #labels: Reader;

  /**
   * Labels of the service go before those of `deploy.labels`, where Swarm's users have them.
   * @param values all of the former, also those from files
   */
  constructor(service: Reader, values: Readonly<Record<string, string>>) {
    this.#labels = service.get('labels');
    const deploy = service.get('deploy').get('labels');
    const deployed = deploy.entries.filter(([name]) => PREFIXES.some((prefix) => name.startsWith(prefix)));
    const names = Object.keys(values);
    this.isAliyun = [...names, ...deployed.map(([name]) => name)].some((name) => name.startsWith('aliyun.'));
    for (const prefix of PREFIXES)
      for (const name of names)
        if (name.startsWith(prefix)) this.#add(prefix, name, this.#labels.get(name), values[name] ?? '');
    const before = new Map([...this.#found].map(([own, { text = '' }]) => [own, text]));
    const passedOn: Record<string, string> = {};
    for (const prefix of PREFIXES)
      for (const [name, reader] of deployed) {
        if (!name.startsWith(prefix)) continue;
        const own = name.slice(prefix.length);
        const value = reader.text ?? '';
        const isPassed = prefix === 'berth.' && PASSED_ON.includes(own);
        const first = isPassed ? values[name] : before.get(own);
        if (first === undefined) this.#add(prefix, name, reader, value);
        else if (first !== value)
          reader.warn(`changes nothing: ${quoted(first)} of the service’s own labels goes before it`);
        if (isPassed && first === undefined) passedOn[name] = value;
      }
    this.passedOn = passedOn;
  }

  #add(prefix: (typeof PREFIXES)[number], name: string, place: Reader, value: string): void {
    const own = name.slice(prefix.length);
    const reader = new Reader(scalar(place.at, value), place.key, place.at, place.problems);
    if (!this.#known(prefix, own, reader)) return;
    const twin = this.#found.get(own);
    if (twin === undefined) this.#found.set(own, reader);
    else if (twin.text !== value)
      reader.error(
        `is ${quoted(value)}, and aliyun.${own} is ${quoted(twin.text)} (${placeText(twin.at)}): both mean the same, remove one`,
      );
  }

  /** Tells what is unknown; Aliyun had labels that its documents do not name, so that is no error. */
  #known(prefix: string, own: string, reader: Reader): boolean {
    if (prefix === 'berth.' && (PASSED_ON.includes(own) || own.startsWith('cluster.'))) {
      if (own.startsWith('cluster.') || own === 'placement')
        reader.error(
          own === 'placement'
            ? 'is what deploy.placement becomes: write that'
            : 'is set by Berth itself: remove it',
        );
      const problem = PASSED_VALUES[own]?.(reader.text ?? '');
      if (problem !== undefined) reader.error(problem);
      return false;
    }
    const row = LABELS.find(
      ({ name, own: berthOnly }) => matches(name, own) && !(berthOnly && prefix === 'aliyun.'),
    );
    if (row !== undefined) {
      if (row.verdict === 'warned') reader.warn(row.words.replaceAll('`', ''));
      return true;
    }
    const near = nearest(
      own,
      LABELS.map(({ name }) => name),
    );
    const hint = near === undefined ? '' : `: did you mean ${prefix}${near}?`;
    if (prefix === 'berth.') reader.error(`is no label of Berth's${hint}`);
    else reader.warn(`is no label that Berth knows, and changes nothing${hint}`);
    return false;
  }

  /** The label's value, or one that is not there. */
  get(name: string): Reader {
    return (
      this.#found.get(name) ?? new Reader(undefined, this.#labels.key, this.#labels.at, this.#labels.problems)
    );
  }

  /** Those that begin so, by what stands behind it. */
  below(prefix: string): readonly (readonly [name: string, value: Reader])[] {
    return [...this.#found]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value] as const);
  }
}

function matches(pattern: string, name: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return name === pattern;
  const middle = name.slice(before.length, name.length - after.length);
  return (
    name.startsWith(before) &&
    name.endsWith(after) &&
    name.length > before.length + after.length &&
    !middle.includes('.')
  );
}
