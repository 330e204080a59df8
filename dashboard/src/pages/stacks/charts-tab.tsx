import { ServiceCharts } from '../../parts/metric-charts.tsx';
import { useServiceName } from './use-service.ts';

/** What all containers of a service use together, over time. */
export function ServiceFigures() {
  const { stack, service } = useServiceName();
  return (
    <section className="card card-body">
      <ServiceCharts stack={stack} service={service} />
    </section>
  );
}
