import { useLanguage } from '../i18n/text.tsx';
import { bytesText, coresText } from './format.ts';
import { Meter } from './meter.tsx';

type Amount = Readonly<{ cpuMilli: number; memory: number }>;
type Props = Readonly<{ reserved: Amount; capacity: Amount; hideLabel?: boolean }>;

export function CpuMeter({ reserved, capacity, hideLabel = false }: Props) {
  const { t, language } = useLanguage();
  const text = `${coresText(reserved.cpuMilli, language)} / ${coresText(capacity.cpuMilli, language)}`;
  return (
    <Meter
      label={t('hosts.cpu')}
      used={reserved.cpuMilli}
      all={capacity.cpuMilli}
      text={text}
      hideLabel={hideLabel}
    />
  );
}

export function MemoryMeter({ reserved, capacity, hideLabel = false }: Props) {
  const { t, language } = useLanguage();
  const text = `${bytesText(reserved.memory, language)} / ${bytesText(capacity.memory, language)}`;
  return (
    <Meter
      label={t('hosts.memory')}
      used={reserved.memory}
      all={capacity.memory}
      text={text}
      hideLabel={hideLabel}
    />
  );
}

export function capacityOf(engine: Readonly<{ cpus: number; memory: number }> | undefined): Amount {
  return { cpuMilli: (engine?.cpus ?? 0) * 1000, memory: engine?.memory ?? 0 };
}
