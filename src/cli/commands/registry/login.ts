import { registryName } from '../../../model/registry-login.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const registryLogin = command<{ user?: string; passwordStdin?: boolean }, [registry: string]>({
  name: 'registry login',
  summary: 'Keep a log-in of a registry, with which images are pulled for services',
  details:
    'A host asks the registry first. The password is sealed wherever it is kept, and nobody is shown it; hosts are given it ' +
    'with each pull alone. "docker pull" uses the log-in of whoever types it, as ever.',
  arguments: [{ name: '<REGISTRY>', summary: 'registry.example.com:5000, or docker.io' }],
  options: [
    { flags: '-u, --user <USER>', summary: 'user name; asked for where it is left out' },
    { flags: '--password-stdin', summary: 'read the password from standard input' },
  ],
  examples: [
    ['berth registry login registry.example.com', 'asks for what it needs'],
    ['berth registry login docker.io -u ci --password-stdin < token', 'in a script'],
  ],
  async run({ call, prompt, out, globals }, flags, address) {
    const registry = registryName(address);
    const username = flags.user ?? (await prompt.line('User: ', 'name one with --user'));
    const password = flags.passwordStdin
      ? await prompt.piped()
      : await prompt.secret('Password: ', 'pipe it in with --password-stdin');
    const login = await call('registry.login', { registry, username, password });
    if (globals.json) out.json(login);
    else out.line(`images of ${clean(login.registry)} are pulled as ${clean(login.username)}`);
  },
});
