import { resolve } from 'node:path';
import { BerthError } from '../../kit/errors.ts';
import { command } from '../command.ts';
import { AGENT_DEFAULTS, type AgentOptions, type AgentResult } from '../local.ts';
import { hostOptions, reportOf } from '../local-command.ts';
import { clean } from '../terminal/text.ts';
import { type Address, address, checkFolder, type Parse, parseIp } from '../values.ts';

type Flags = Partial<Omit<AgentOptions, 'labels' | 'dataDir'>> & { label?: Record<string, string> };

const parseManager: Parse = (text, _, flag) =>
  address(text.replace(/^https:\/\//, '').replace(/\/$/, ''), flag, AGENT_DEFAULTS.managerPort);

/** `berth1-<id>-<secret>-<SHA-256 of the CA>`. A token that is wrong is never repeated in a message. */
const JOIN_TOKEN = /^berth1-[A-Za-z0-9]+-[A-Za-z0-9_]+-[0-9a-f]{64}$/;

export const agent = command<Flags>({
  name: 'agent',
  heading: 'This machine:',
  summary: 'Join this machine to a cluster as a host, or start its agent again',
  details:
    '"berth token create" on the manager prints the whole line. Without --join the agent starts with the identity that ' +
    `it has. Its data lies in ${AGENT_DEFAULTS.dataDir} unless --data-dir or BERTH_DATA_DIR names another folder.`,
  options: [
    { flags: '--join <TOKEN>', summary: 'token of "berth token create"; - reads it from standard input' },
    {
      flags: '--manager <HOST:PORT>',
      summary: `where the manager's API is (port ${AGENT_DEFAULTS.managerPort} unless told)`,
      parse: parseManager,
    },
    ...hostOptions,
    {
      flags: '--data-addr <IP>',
      summary: 'address at which ports published on this host are reached',
      parse: parseIp,
      fallback: 'the one from which it dials the manager',
    },
  ],
  examples: [
    ['berth agent --join berth1-… --manager 10.0.0.1:8443 --label rack=r2', 'join'],
    ['berth agent', 'start again'],
  ],
  async run(context, { label, ...flags }) {
    const { out, globals, env, cwd } = context;
    const join = flags.join === '-' ? (await context.prompt.piped()).trim() : flags.join;
    const manager: Address | undefined = flags.manager;
    if (join !== undefined && !JOIN_TOKEN.test(join)) {
      throw new BerthError('bad_request', '--join: that is not a whole join token (berth1-…)', {
        hint: 'copy the line that "berth token create" printed',
      });
    }
    if (join !== undefined && manager === undefined) {
      throw new BerthError('bad_request', '--join needs the address of the manager', {
        hint: 'add --manager HOST:8443',
      });
    }
    const dataDir = resolve(cwd, globals.dataDir ?? (env.BERTH_DATA_DIR || AGENT_DEFAULTS.dataDir));
    const { report, finish } = reportOf<AgentResult>(context, (result) => {
      if (globals.json) out.json(result);
      else
        out.line(
          `host ${clean(result.hostName)} (${clean(result.hostId)}) is joined to ${clean(result.manager)}`,
        );
    });
    await finish(
      context.local.agent(
        {
          join,
          manager,
          dataDir: checkFolder(dataDir, '--data-dir'),
          name: flags.name,
          labels: label ?? {},
          engine: flags.engine,
          vlanUplink: flags.vlanUplink,
          metricsListen: flags.metricsListen,
          dataAddr: flags.dataAddr,
          foreground: flags.foreground ?? false,
          service: flags.service ?? false,
        },
        report,
      ),
      flags.foreground,
    );
  },
});
