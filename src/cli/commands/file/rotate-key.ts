import { command } from '../../command.ts';

export const secretRotateKey = command({
  name: 'secret rotate-key',
  summary: 'Seal all that is sealed with a new key',
  details:
    'Secrets, configs and whatever else the manager keeps sealed. Keys before the new one stay in the vault’s file: backups ' +
    'are read with them. Make a backup of that file afterwards.',
  examples: [['berth secret rotate-key', 'nothing is released, and nothing restarts']],
  async run({ out, globals, call }) {
    await call('vault.rotate');
    if (globals.json) out.json({});
    else out.line('all is sealed with a new key: make a backup of pki/vault.json in the data directory');
  },
});
