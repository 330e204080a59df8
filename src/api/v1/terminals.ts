import type { terminalRoutes } from '../../contract/v1/terminals.ts';
import { BerthError } from '../../kit/errors.ts';
import type { Terminals } from '../terminals/terminals.ts';
import type { Handlers } from './handler.ts';

/** Characters of a command that the audit log has. */
const SHOWN = 200;

export function terminalHandlers(terminals: Terminals): Handlers<keyof typeof terminalRoutes> {
  return {
    'terminal.open': ({ deps, params, body, principal, token, about }) => {
      const { columns, rows, ...command } = body;
      const said = command.command.join(' ').slice(0, SHOWN);
      about(`${params.container}: ${said}`);
      if (token === undefined)
        throw new BerthError('unsupported', 'terminals are opened over HTTPS, with a token', {
          hint: 'on the manager itself, use "docker exec -it"',
        });
      const target = `${deps.containers.terminalTarget(params.container)}: ${said}`;
      about(target);
      const query = { container: params.container, ...command };
      return { ticket: terminals.ask({ query, columns, rows, principal, token }, target) };
    },
  };
}
