import { command } from '../command.ts';
import { UP_DEFAULTS, type UpOptions, type UpResult } from '../local.ts';
import { hostOptions, reportOf } from '../local-command.ts';
import { DEFAULT_DATA_DIR } from '../target.ts';
import { clean } from '../terminal/text.ts';
import { type Address, parseAddress, parseHost, parseSocketPath } from '../values.ts';

type Flags = Partial<Omit<UpOptions, 'labels' | 'dataDir'>> & { label?: Record<string, string> };

/** Three commands that work as they are printed, with what is there. */
function toTry(result: UpResult, program: string, isDefault: boolean): string[] {
  const { dockerContext, endpoint, demoUrl } = result;
  const docker = dockerContext === undefined ? `docker -H ${endpoint}` : `docker --context ${dockerContext}`;
  const image = demoUrl === undefined ? 'busybox' : 'berth-hello';
  return [
    `${docker} ps`,
    `${docker} run --rm ${image} echo it runs`,
    `${program} token create${isDefault ? '' : ` --data-dir ${result.dataDir}`}`,
  ];
}

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
      flags: '--dns-listen <ADDR:PORT>',
      summary: "where the name server for the cluster's zones listens (berth dns)",
      parse: (text, previous, flag) => (text === 'off' ? text : parseAddress(text, previous, flag)),
      fallback: 'off, since port 53 is often taken',
    },
    {
      flags: '--advertise <ADDR>',
      summary: 'address at which other machines reach this one',
      parse: parseHost,
    },
    { flags: '--no-agent', summary: 'this machine is a manager only, and runs no containers' },
    { flags: '--no-install', summary: 'install nothing; say what is missing' },
    {
      flags: '--forget-secrets',
      summary: 'give up secrets whose keys are lost, once; without this it does not start then',
    },
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
    const { out, globals, program, dataDir } = context;
    // Where the data directory comes from the environment, later commands find it there as well.
    const isDefault = dataDir === DEFAULT_DATA_DIR || globals.dataDir === undefined;
    const { report, finish } = reportOf<UpResult>(context, (result) => {
      if (globals.json) {
        out.json(result);
        return;
      }
      out.details([
        ['Docker endpoint', result.endpoint],
        ['with TLS', result.dockerTls],
        ['dashboard, API', result.api],
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
      for (const line of toTry(result, program, isDefault)) out.line(`  ${clean(line)}`);
      if (result.dockerContext !== undefined) {
        out.line();
        out.line(
          `"docker context use ${clean(result.dockerContext)}" makes every docker command go to the cluster.`,
        );
      }
    });
    await finish(
      context.local.up(
        {
          demo: flags.demo ?? false,
          dataDir,
          name: flags.name,
          labels: label ?? {},
          socket: flags.socket,
          socketGroup: flags.socketGroup,
          dockerListen: flags.dockerListen,
          apiListen: flags.apiListen,
          agentListen: flags.agentListen,
          dnsListen: flags.dnsListen,
          advertise: flags.advertise,
          engine: flags.engine,
          vlanUplink: flags.vlanUplink,
          metricsListen: flags.metricsListen,
          agent: flags.agent ?? true,
          install: flags.install ?? true,
          forgetSecrets: flags.forgetSecrets ?? false,
          service: flags.service ?? false,
          foreground: flags.foreground ?? false,
        },
        report,
      ),
      flags.foreground,
    );
  },
});
