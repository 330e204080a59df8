import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';

export const certInspect = command<Record<never, never>, [name: string]>({
  name: 'cert inspect',
  summary: 'Show all that is known of a certificate, as JSON',
  details: 'Its key is never shown.',
  arguments: [{ name: '<NAME>', summary: 'the certificate' }],
  examples: [['berth cert inspect shop.example.com', '"worry" says what is wrong with it, and what to do']],
  async run({ out, call }, _, name) {
    const { certificates } = await call('certificate.list', {});
    const found = certificates.find((one) => one.name === name);
    if (found === undefined)
      throw new BerthError('not_found', `there is no certificate "${name}"`, {
        hint: '"berth cert ls" lists them',
      });
    out.json(found);
  },
});
