import { BerthError, messageOf } from '../../kit/errors.ts';
import { command } from '../command.ts';

export const version = command({
  name: 'version',
  heading: 'About this program:',
  summary: 'Show the versions of this program and of the manager',
  details: 'A manager that cannot be reached is no error here.',
  examples: [['berth version', 'both versions']],
  async run({ out, globals, call, version: client }) {
    const manager = await call('session.version').then(
      (answer) => ({ version: answer.version, api: answer.api }),
      (thrown: unknown) => {
        if (thrown instanceof BerthError) return { error: messageOf(thrown) };
        throw thrown;
      },
    );
    if (globals.json) {
      out.json({ client: { version: client }, manager });
      return;
    }
    out.details([
      ['Client', client],
      ['Manager', 'error' in manager ? manager.error : `${manager.version} (API ${manager.api})`],
    ]);
  },
});
