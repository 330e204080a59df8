import type { ContainerView } from '../../../src/contract/v1/containers.ts';
import { useText } from '../i18n/text.tsx';

/** Who has made a container that was not made through the cluster; nothing for all others. */
export function Maker({ container: { managed, router } }: Readonly<{ container: ContainerView }>) {
  const t = useText();
  if (managed) return null;
  return (
    <span className="chip" title={t(router ? 'containers.router.hint' : 'containers.unmanaged.hint')}>
      {t(router ? 'containers.router' : 'containers.unmanaged')}
    </span>
  );
}
