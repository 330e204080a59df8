import { BerthError } from '../../../kit/errors.ts';
import { defaultSettings } from '../../../model/settings.ts';
import { ClusterView } from '../../../scheduler/cluster-view.ts';
import { parseExpression } from '../../../scheduler/expression.ts';
import { meetsConstraint } from '../../../scheduler/filters/constraint.ts';
import { SETTINGS_KEY } from '../../../store/tables.ts';
import type { DockerCall } from '../call.ts';
import type { HostRef } from '../fanout.ts';

/**
 * The hosts that `docker pull`, `load` and `import` fill: those that `settings.imageHosts` names, without cordoned ones
 * and ones that do not answer. Sorted by name.
 * @throws BerthError `no_room` saying which hosts were looked at and why none was taken
 */
export function imageHosts({ deps }: Pick<DockerCall, 'deps'>): HostRef[] {
  return deps.store.view((tx) => {
    const setting = (tx.get('settings', SETTINGS_KEY)?.settings ?? defaultSettings).imageHosts.trim();
    const expression =
      setting === 'all' || setting === '' ? undefined : parseExpression('constraint', setting);
    // Only to read the expression as the scheduler does.
    const view = new ClusterView();
    const reasons = new Map<string, number>();
    const leaveOut = (reason: string) => reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const chosen: HostRef[] = [];
    for (const host of tx.all('hosts')) {
      const status = tx.get('hostStatus', host.id);
      const { state = 'ready', reason = '', engine, dataAddress: address = '' } = status ?? {};
      view.putHost({ host, state, reason, engine, address });
      const facts = view.host(host.id);
      if (!deps.engines.connected(host.id) || state !== 'ready') leaveOut('not ready');
      else if (host.cordoned) leaveOut('cordoned');
      else if (expression !== undefined && facts !== undefined && !meetsConstraint(expression, facts))
        leaveOut(`not ${expression.text}`);
      else chosen.push({ id: host.id, name: host.name });
    }
    if (chosen.length === 0) {
      const why = [...reasons].map(
        ([reason, count]) => `${count} ${count === 1 ? 'host' : 'hosts'} ${reason}`,
      );
      throw new BerthError(
        'no_room',
        `no host to put the image on: ${why.join('; ') || 'the cluster has no hosts'}`,
        {
          hint: `see "berth node ls" and the setting imageHosts, which is "${setting}"`,
        },
      );
    }
    return chosen.sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}
