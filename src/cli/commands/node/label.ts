import { BerthError } from '../../../kit/errors.ts';
import { command } from '../../command.ts';
import { labelText } from '../../terminal/format.ts';
import { clean } from '../../terminal/text.ts';
import { collect, label } from '../../values.ts';

export const nodeLabel = command<{ remove?: string[] }, [node: string, labels: string[]]>({
  name: 'node label',
  summary: 'Add, change and remove labels of a host',
  arguments: [
    { name: '<NODE>', summary: 'name or ID' },
    { name: '[KEY=VALUE...]', summary: 'labels to add or to change; KEY- removes one' },
  ],
  options: [
    {
      flags: '-r, --remove <KEY>',
      summary: 'label to remove; may be given several times',
      parse: collect,
    },
  ],
  examples: [
    ['berth node label h1 datacenter=fra1 rack=r2', 'say where it stands'],
    ['berth node label h1 rack-', 'take a label away; the same as --remove rack'],
  ],
  async run({ out, globals, call }, { remove: named = [] }, node, words) {
    const isRemoval = (word: string) => word.endsWith('-') && !word.includes('=');
    const labels = words.filter((word) => !isRemoval(word));
    const remove = [...named, ...words.filter(isRemoval).map((word) => word.slice(0, -1))];
    if (labels.length === 0 && remove.length === 0) {
      throw new BerthError('bad_request', 'no label was given', {
        hint: 'add key=value, or --remove KEY; "berth node inspect" shows those that are there',
      });
    }
    const changed = await call('node.label', {
      node,
      ...(labels.length === 0 ? {} : { add: Object.fromEntries(labels.map((one) => label(one, 'label'))) }),
      ...(remove.length === 0 ? {} : { remove }),
    });
    if (globals.json) out.json(changed);
    else out.line(`${clean(changed.name)}: ${clean(labelText(changed.labels)) || 'no labels'}`);
  },
});
