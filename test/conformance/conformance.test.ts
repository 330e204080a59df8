import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedLab } from '../lab/shared.ts';
import { Bench } from './bench.ts';
import type { CaseGroup } from './case.ts';
import { CONTAINER_CASES } from './cases/container.ts';
import { IMAGE_CASES } from './cases/image.ts';
import { OBJECT_CASES } from './cases/object.ts';
import { SERVICE_CASES } from './cases/service.ts';
import { SYSTEM_CASES } from './cases/system.ts';
import { composeClient, dockerClis, dockerodeColumn, ensureClients, pythonClient } from './clients.ts';
import { COMPOSE_CASES, ComposeBench } from './compose.ts';
import { DOCKERODE_CASES, NodeBench } from './dockerode.ts';
import { PYTHON_CASES, runPython } from './python.ts';
import { type Registry, startRegistry } from './registry.ts';
import { Table } from './table.ts';

const PAGE = join(import.meta.dirname, '../../docs/conformance.md');
const GROUPS: readonly CaseGroup[] = [
  CONTAINER_CASES,
  IMAGE_CASES,
  OBJECT_CASES,
  SERVICE_CASES,
  SYSTEM_CASES,
];

const HEAD = `# What clients can do

Written by \`test/conformance\`, which runs each of these against a cluster of three hosts, through its one endpoint; do
not edit. **works**: as on one Docker Engine. **differs**: in the way that the last column says, which is tested as well.
${'–'}: the client does not have it. \`docker container X\`, \`docker image X\` and their short forms are one command.

`;

await ensureClients();
const clis = await dockerClis();
const compose = await composeClient();
const python = await pythonClient();
const table = new Table();
const lab = await sharedLab();
let registry: Registry;
let planned = 0;
let done = 0;

beforeAll(async () => {
  registry = await startRegistry(lab);
});
afterAll(async () => {
  await registry?.close();
});

/** A test whose success is a cell of the table. */
function cell(group: string, command: string, column: string, run: () => Promise<void>): void {
  planned++;
  it(`${column}: ${command}`, async () => {
    await run();
    done++;
    table.record(group, command, column);
  });
}

it('finds a docker CLI', () => {
  expect(clis).not.toHaveLength(0);
});

for (const group of GROUPS) {
  table.group(
    group.title,
    clis.map(({ column }) => column),
  );
  for (const { command, differs } of group.cases) table.expect(group.title, command, differs);
}
for (const cli of clis) {
  describe(cli.column, () => {
    let bench: Bench;
    beforeAll(() => {
      bench = new Bench(lab, cli, registry);
    });
    afterAll(() => bench.close());
    for (const group of GROUPS) {
      for (const one of group.cases) {
        if (cli.major < (one.from ?? 0) || cli.major > (one.to ?? Infinity)) continue;
        cell(group.title, one.command, cli.column, async () => {
          try {
            await one.run(bench);
          } finally {
            await bench.cleanUp();
          }
        });
      }
    }
  });
}

describe('docker-compose', () => {
  const title = 'docker-compose';
  table.group(title, compose === undefined ? [] : [compose.column]);
  for (const { command, differs } of COMPOSE_CASES) table.expect(title, command, differs);
  if (compose === undefined) return;
  let bench: ComposeBench;
  beforeAll(() => {
    bench = new ComposeBench(lab, compose);
  });
  afterAll(() => bench.close());
  for (const one of COMPOSE_CASES) {
    cell(title, one.command, compose.column, async () => {
      try {
        await one.run(bench);
      } finally {
        await bench.cleanUp();
      }
    });
  }
});

describe('python3-docker', () => {
  const title = 'python3-docker';
  table.group(title, python === undefined ? [] : [python.column]);
  for (const { call } of PYTHON_CASES) table.expect(title, call);
  if (python === undefined) return;
  for (const one of PYTHON_CASES) {
    cell(title, one.call, python.column, () => runPython(python, lab, one.name));
  }
});

describe('dockerode', () => {
  const title = 'dockerode';
  table.group(title, [dockerodeColumn()]);
  for (const { call } of DOCKERODE_CASES) table.expect(title, call);
  let bench: NodeBench;
  beforeAll(() => {
    bench = new NodeBench(lab);
  });
  afterAll(() => bench.close());
  for (const one of DOCKERODE_CASES) {
    cell(title, one.call, dockerodeColumn(), async () => {
      try {
        await one.run(bench);
      } finally {
        await bench.cleanUp();
      }
    });
  }
});

it('docs/conformance.md says so', () => {
  expect(done, 'cases that have passed: the page is of a whole run').toBe(planned);
  const committed = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const update = process.env.BERTH_UPDATE_DOCS === '1';
  const text = HEAD + table.markdown(committed, update);
  const fixed = process.env.CI !== undefined || process.env.BERTH_CI_RUN !== undefined;
  if (update || !fixed) {
    writeFileSync(PAGE, text);
    return;
  }
  expect(text, 'docs/conformance.md is stale: run this test with BERTH_UPDATE_DOCS=1 and commit it').toBe(
    committed,
  );
});
