import { command } from '../../command.ts';
import { removeAll } from '../../remove-all.ts';

export const certRm = command<{ yes?: boolean }, [names: string[]]>({
  name: 'cert rm',
  aliases: ['remove'],
  summary: "Take certificates from routers; their domains get one of the cluster's CA",
  arguments: [{ name: '<NAME...>', summary: 'certificates' }],
  options: [{ flags: '-y, --yes', summary: 'do not ask' }],
  examples: [['berth cert rm shop', 'one of them']],
  run: (context, { yes }, names) =>
    removeAll(context, names, 'Remove the certificate', yes, (certificate) =>
      context.call('certificate.delete', { certificate }),
    ),
});
