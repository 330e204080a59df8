import type { client } from '../../cluster/client.ts';

/**
 * Why a service has the number that it has; null where it has no rules. Whether it has is asked first: what the page knows of it may
 * be from before somebody has taken them away.
 */
export async function askScaling(
  calls: Pick<typeof client, 'call'>,
  params: Readonly<{ stack: string; service: string }>,
  signal: AbortSignal,
) {
  const { scaling } = await calls.call('service.get', params, { signal });
  return scaling == null ? null : await calls.call('autoscale.explain', params, { signal });
}
