import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BerthError, messageOf } from '../../../kit/errors.ts';
import { endText } from '../../certificate-text.ts';
import { command } from '../../command.ts';
import { clean } from '../../terminal/text.ts';

export const certAdd = command<{ chain: string; key: string }, [name: string]>({
  name: 'cert add',
  summary: 'Give routers a certificate, or a newer one in place of the one of that name',
  details:
    'Routers take it without a reload, for the names that stand in it. The key is sealed in the manager and never shown again; it is a file for root only on ingress hosts.',
  arguments: [{ name: '<NAME>', summary: 'how it is called here' }],
  options: [
    {
      flags: '--chain <FILE>',
      summary: 'PEM: the certificate, then those that signed it',
      completes: 'file',
    },
    { flags: '--key <FILE>', summary: 'PEM: its private key, without a passphrase', completes: 'file' },
  ],
  examples: [['berth cert add shop --chain fullchain.pem --key privkey.pem', 'as certbot leaves them']],
  async run({ out, globals, call, cwd, clock }, { chain, key }, certificate) {
    if (chain === undefined || key === undefined)
      throw new BerthError('bad_request', `--${chain === undefined ? 'chain' : 'key'} is missing`, {
        hint: 'give --chain FILE and --key FILE',
      });
    const read = async (path: string) => {
      try {
        return await readFile(resolve(cwd, path), 'utf8');
      } catch (thrown) {
        throw new BerthError('bad_request', `"${path}" cannot be read: ${messageOf(thrown)}`);
      }
    };
    const made = await call('certificate.put', {
      certificate,
      chain: await read(chain),
      key: await read(key),
    });
    if (globals.json) {
      out.json(made);
      return;
    }
    out.line(clean(`${made.name}: ${made.domains.join(', ')}, until ${endText(made, clock.now())}`));
    const { settings } = await call('settings.get', {});
    if (settings.routerTlsPort === 0)
      out.note('routers have no port for TLS yet: "berth settings set routerTlsPort=443"');
  },
});
