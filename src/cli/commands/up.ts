import { command } from '../command.ts';
import { UP_DEFAULTS, type UpOptions, type UpResult } from '../local.ts';
import { hostOptions, reportOf } from '../local-command.ts';
import { clean } from '../terminal/text.ts';
import { type Address, parseAddress, parseHost, parseSocketPath } from '../values.ts';

type Flags = Partial<Omit<UpOptions, 'labels' | 'dataDir'>> & { label?: Record<string, string> };

const shown = ({ host, port }: Address) => `${host}:${port}`;

export const up = command<Flags>({
  name: 'up',
  heading: 'This machine:',
  summary: 'Start a cloud of this one machine: manager and agent',
  details:
    'May be run again at any time: what runs is left alone. State lies in the data directory and survives a crash and ' +
    'a reboot; containers run on meanwhile. The first run makes the user "admin" and prints its password, once.',
  options: [
    { flags: '--demo', summary: 'also run the sample of examples/, and wait until it answers' },
    ...hostOptions,
    {
      flags: '--socket <PATH>',
      summary: "unix socket of the cluster's Docker endpoint",
      parse: parseSocketPath,
      fallback: '/run/berth/docker.sock, or run/docker.sock in another data directory',
      completes: 'file',
    },
    { flags: '--socket-group <GROUP>', summary: 'group of this machine that may use the socket' },
    {
      flags: '--docker-listen <ADDR:PORT>',
      summary: 'where the Docker endpoint listens with TLS',
      parse: parseAddress,
      fallback: shown(UP_DEFAULTS.dockerListen),
    },
    {
      flags: '--api-listen <ADDR:PORT>',
      summary: 'where the API listens (HTTPS)',
      parse: parseAddress,
      fallback: shown(UP_DEFAULTS.apiListen),
    },
    {
      flags: '--agent-listen <ADDR:PORT>',
      summary: 'where agents dial in (mutual TLS)',
      parse: parseAddress,
      fallback: shown(UP_DEFAULTS.agentListen),
    },
    {
      flags: '--advertise <ADDR>',
      summary: 'address at which other machines reach this one',
      parse: parseHost,
    },
    { flags: '--no-agent', summary: 'this machine is a manager only, and runs no containers' },
    { flags: '--no-install', summary: 'install nothing; say what is missing' },
  ],
  examples: [
    ['berth up', 'start, or see that it runs'],
    ['berth up --demo', 'the same with a sample to look at'],
    [
      'berth up --label rack=r1 --advertise 10.0.0.1 --service',
      'as a systemd service, for a cluster of several hosts',
    ],
    ['berth up --data-dir /srv/berth --api-listen 127.0.0.1:9443', 'other places'],
  ],
  async run(context, { label, ...flags }) {
    const { out, globals } = context;
    const { report, finish } = reportOf<UpResult>(context, (result) => {
      if (globals.json) {
        out.json(result);
        return;
      }
      out.details([
        ['Docker endpoint', result.endpoint],
        ['with TLS', result.dockerTls],
        ['API', result.api],
        ['agents dial', result.agentAddress],
        ['data', result.dataDir],
        ...(result.demoUrl === undefined ? [] : [['sample', result.demoUrl] as const]),
      ]);
      if (result.adminPassword !== undefined) {
        out.line();
        out.line(`First password of the user admin, shown this once: ${clean(result.adminPassword)}`);
      }
      out.line();
      out.line('Try:');
      for (const line of [
        `docker -H ${clean(result.endpoint)} run -d --name web -p 8080:80 nginx`,
        `docker -H ${clean(result.endpoint)} ps`,
        'berth token create',
      ]) {
        out.line(`  ${line}`);
      }
    });
    await finish(
      context.local.up(
        {
          demo: flags.demo ?? false,
          dataDir: context.dataDir,
          name: flags.name,
          labels: label ?? {},
          socket: flags.socket,
          socketGroup: flags.socketGroup,
          dockerListen: flags.dockerListen,
          apiListen: flags.apiListen,
          agentListen: flags.agentListen,
          advertise: flags.advertise,
          engine: flags.engine,
          agent: flags.agent ?? true,
          install: flags.install ?? true,
          service: flags.service ?? false,
          foreground: flags.foreground ?? false,
        },
        report,
      ),
      flags.foreground,
    );
  },
});
