import { getRouteApi } from '@tanstack/react-router';
import { client } from '../../cluster/client.ts';
import { useLiveQuery } from '../../cluster/use-live-query.ts';
import { useWords } from '../../i18n/text.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Waiting } from '../../parts/waiting.tsx';
import { MemberRows } from './member-rows.tsx';
import { words } from './words.ts';

const route = getRouteApi('/stacks/$stack');

/** All containers of a stack. */
export function StackContainers() {
  const w = useWords(words);
  const { stack } = route.useParams();
  const { data, error } = useLiveQuery(['stack.ps', stack], (signal) =>
    client.call('stack.ps', { stack }, { signal }),
  );
  if (data === undefined) return error === null ? <Waiting /> : <Problem error={error} />;
  return (
    <div className="card rows">
      {data.containers.length === 0 && <Empty title={w('noContainers')} hint={w('noContainers.hint')} />}
      {data.containers.length > 0 && (
        <MemberRows label={w('containers')} members={data.containers} maxHeight="calc(100dvh - 270px)" />
      )}
    </div>
  );
}
