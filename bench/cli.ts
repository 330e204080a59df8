import { messageOf } from '../src/kit/errors.ts';
import type { Benchmark, Run } from './benchmark.ts';
import { load, machine } from './machine.ts';
import { BENCHMARKS } from './registry.ts';
import { round } from './stats.ts';

const USAGE = 'npm run bench -- NAME [--json] [--OPTION VALUE]...';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help') return list();
  const benchmark = BENCHMARKS.find((known) => known.name === name);
  if (benchmark === undefined) {
    console.error(`there is no benchmark "${name}": choose ${BENCHMARKS.map((one) => one.name).join(', ')}`);
    return 2;
  }
  const json = rest.includes('--json');
  const options = readOptions(benchmark, rest);
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  return carryOut(benchmark, options, json);
}

function list(): number {
  console.log(USAGE);
  for (const { name, summary, options } of BENCHMARKS) {
    const flags = Object.entries(options).map(([key, value]) => `--${key} ${value}`);
    console.log(`  ${name.padEnd(10)} ${summary}${flags.length === 0 ? '' : ` (${flags.join(' ')})`}`);
  }
  return 0;
}

function readOptions(benchmark: Benchmark, args: readonly string[]): ReadonlyMap<string, string> | string {
  const options = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--json') continue;
    const key = (args[i] ?? '').replace(/^--/, '');
    const value = args[i + 1];
    if (!Object.hasOwn(benchmark.options, key) || value === undefined) {
      return `"${args[i]}" is no option of ${benchmark.name}: it has ${Object.keys(benchmark.options).join(', ') || 'none'}; ${USAGE}`;
    }
    options.set(key, value);
    i++;
  }
  return options;
}

async function carryOut(
  benchmark: Benchmark,
  options: ReadonlyMap<string, string>,
  json: boolean,
): Promise<number> {
  const undo: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  const run: Run = {
    options,
    signal: stopping.signal,
    say: (line) => {
      if (!json) console.log(line);
    },
    defer: (action) => undo.push(action),
  };
  const broken = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason));
  });
  const stop = (reason: string) => stopping.abort(new Error(reason));
  const onSignal = (signal: NodeJS.Signals) => stop(`stopped by ${signal}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const timer = setTimeout(
    () => stop(`not done within ${benchmark.limitSeconds} s`),
    benchmark.limitSeconds * 1000,
  );
  const before = load();
  try {
    const { value, also } = await Promise.race([benchmark.run(run), broken]);
    const { name, unit, better, target } = benchmark;
    const met = better === 'higher' ? value >= target : value <= target;
    run.say(`${name}: ${round(value)} ${unit}, target ${target}: ${met ? 'met' : 'missed'}`);
    const loads = `${before} before, ${load()} after`;
    const line = { bench: name, value: round(value), unit, better, target, also: { ...also, load: loads } };
    await cleanUp(undo);
    console.log(JSON.stringify({ ...line, machine: machine() }));
    return 0;
  } catch (thrown) {
    console.error(`${benchmark.name}: ${messageOf(thrown)}`);
    await cleanUp(undo);
    return 1;
  } finally {
    clearTimeout(timer);
    // What was broken off may still hold timers and connections.
    setTimeout(() => process.exit(), 1000).unref();
  }
}

async function cleanUp(undo: (() => Promise<void> | void)[]): Promise<void> {
  for (const action of undo.splice(0).reverse()) {
    try {
      await action();
    } catch (thrown) {
      console.error(`cleaning up: ${messageOf(thrown)}`);
    }
  }
}
