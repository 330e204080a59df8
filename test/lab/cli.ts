import { spawn } from 'node:child_process';
import { Command, InvalidArgumentError } from 'commander';
import { downAll, downLab, type Lab, openLab, startLab } from './lab.ts';
import { LABS_FOLDER } from './plan.ts';
import { usualName } from './state.ts';

interface Which {
  readonly name: string;
  readonly dir?: string;
}

const program = new Command('lab')
  .description(
    'Several real Docker hosts on this machine, joined to a Berth manager: the way to try a cluster.',
  )
  .showHelpAfterError('(lab --help tells more)');

program
  .command('up')
  .description('make the lab, or bring up what is not up')
  .option('--hosts <n>', 'how many hosts (default: 3, or as many as there are)', wholeNumber)
  .option('--join', 'with a manager that the hosts join (what a new lab is made with)')
  .option('--no-join', 'hosts with their engines only: no manager, no agents')
  .option('--label <host:key=value>', 'label that a host brings along (repeat)', collectLabel, {})
  .option('--json', 'print one JSON object')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run lab -- up\n  npm run lab -- up --hosts 2 --name two --no-join --json',
  )
  .action(async (_, command: Command) => {
    const { hosts, join, label, json } = command.optsWithGlobals();
    const lab = await startLab({
      ...whichOf(command),
      hosts,
      labels: label,
      keep: true,
      join,
    });
    print(await describe(lab), json === true ? 'json' : 'text');
  });

program
  .command('status')
  .description('what runs')
  .option('--json', 'print one JSON object')
  .action(async (_, command: Command) => {
    const { json } = command.optsWithGlobals();
    print(await describe(openLab(whichOf(command))), json === true ? 'json' : 'text');
  });

for (const [verb, description, act] of [
  [
    'kill',
    'cut the power: SIGKILL everything on the host, and take its link down',
    (lab, host) => lab.kill(host),
  ],
  ['cut', 'take only the link of the host down', (lab, host) => lab.cut(host)],
  ['heal', 'put the link of the host up again', (lab, host) => lab.heal(host)],
  ['start', 'start again what does not run on the host: link, engine, agent', (lab, host) => lab.start(host)],
] as const satisfies readonly (readonly [string, string, (lab: Lab, host: string) => Promise<void>])[]) {
  program
    .command(`${verb} <host>`)
    .description(description)
    .action(async (host: string, _, command: Command) => {
      await act(openLab(whichOf(command)), host);
    });
}

program
  .command('exec <host> <command...>')
  .description('run a command on the host, DOCKER_HOST set to its own engine: lab exec h1 -- docker ps')
  .action(async (host: string, argv: string[], _, command: Command) => {
    const [file = '', ...args] = openLab(whichOf(command)).execArgv(host, argv);
    const child = spawn(file, args, { stdio: 'inherit' });
    process.exitCode = await new Promise<number>((done, fail) => {
      child.on('error', fail);
      child.on('exit', (code) => done(code ?? 1));
    });
  });

program
  .command('down')
  .description('remove the lab and everything that it made; no lab is no error')
  .option('--all', `all labs below ${LABS_FOLDER}`)
  .action(async (_, command: Command) => {
    if (command.optsWithGlobals().all === true) await downAll(LABS_FOLDER);
    else await downLab(whichOf(command));
  });

for (const command of program.commands) {
  command
    .option('--name <name>', 'which lab (default: lab, unless another checkout has made that one)')
    .option('--dir <folder>', `its folder (default: ${LABS_FOLDER}/NAME)`);
}

/** The lab that a command is for. */
function whichOf(command: Command): Which {
  const { name, dir } = command.optsWithGlobals<Partial<Which>>();
  return { name: name ?? usualName(dir), ...(dir === undefined ? {} : { dir }) };
}

async function describe(lab: Lab) {
  const { addresses } = lab;
  const cluster = { ...addresses, adminPassword: lab.adminPassword, managerPid: lab.managerPid };
  return {
    name: lab.name,
    folder: lab.plan.folder,
    subnet: lab.plan.subnet,
    ...(lab.joined ? { cluster } : {}),
    hosts: await lab.status(),
  };
}

function print(lab: Awaited<ReturnType<typeof describe>>, how: 'json' | 'text'): void {
  if (how === 'json') {
    console.log(JSON.stringify(lab, null, 2));
    return;
  }
  const { cluster } = lab;
  console.log(`lab ${lab.name} in ${lab.folder}, network ${lab.subnet}`);
  if (cluster !== undefined) {
    console.log(`cluster   docker -H ${cluster.endpoint} info`);
    console.log(
      `          ${cluster.dockerTls} (TLS with a client certificate: berth bundle --data-dir ${cluster.dataDir})`,
    );
    console.log(
      `API       ${cluster.api}${cluster.adminPassword === undefined ? '' : `  admin, ${cluster.adminPassword}`}`,
    );
    console.log(`use it    export DOCKER_HOST=${cluster.endpoint} BERTH_DATA_DIR=${cluster.dataDir}`);
    if (cluster.managerPid === undefined) console.log('manager   not running: "lab up" starts it');
  }
  for (const host of lab.hosts) {
    const node = host.node === undefined ? '' : `  node ${host.node}`;
    console.log(
      `${host.name.padEnd(9)} ${host.address.padEnd(13)} ${host.state.padEnd(5)} docker -H ${host.engine}${node}`,
    );
  }
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('give a whole number.');
  return Number(value);
}

function collectLabel(value: string, before: Record<string, Record<string, string>>) {
  const [, host, key, text] = /^([^:]+):([^=]+)=(.*)$/.exec(value) ?? [];
  if (host === undefined || key === undefined || text === undefined) {
    throw new InvalidArgumentError('give HOST:KEY=VALUE, as in h1:rack=r1.');
  }
  return { ...before, [host]: { ...before[host], [key]: text } };
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`lab: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
