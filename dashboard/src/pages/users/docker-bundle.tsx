import { Button } from '@mantine/core';
import { useState } from 'react';
import { dockerEnvScript } from '../../../../src/contract/docker-env.ts';
import { useToasts } from '../../app/toasts.tsx';
import { client } from '../../cluster/client.ts';
import { useLanguage, useWords } from '../../i18n/text.tsx';
import { CopyAs } from '../../parts/copy.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { saveFile } from '../../parts/save-file.ts';
import { tarOf } from './tar.ts';
import { words } from './words.ts';

const FOLDER = 'berth-bundle';
/** For the owner only. */
const MODE = 0o600;

/** What `berth bundle` writes, as an archive: the page keeps nothing of it. */
export function DockerBundle() {
  const w = useWords(words);
  const { language } = useLanguage();
  const { show } = useToasts();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const get = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { user, ca, cert, key, dockerHost, expiresAt } = await client.call('bundle.create', {});
      const texts = {
        ...{ 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key },
        'env.sh': dockerEnvScript(dockerHost),
      };
      const files = Object.entries(texts).map(([name, text]) => ({
        ...{ path: `${FOLDER}/${name}`, text, mode: MODE },
      }));
      saveFile(`${FOLDER}.tar`, 'application/x-tar', [tarOf(files, Math.floor(Date.now() / 1000))]);
      const time = new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(expiresAt);
      show({ tone: 'good', title: w('bundle.done', { user, time }) });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section
      className="card card-body"
      style={{ maxWidth: 560, marginBottom: 24 }}
      aria-labelledby="docker-bundle"
    >
      <h2 id="docker-bundle">{w('bundle.title')}</h2>
      <p className="note">{w('bundle.text')}</p>
      <p className="note">{w('bundle.use')}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by its keys */}
      <section aria-label={w('bundle.use')} tabIndex={0} className="code wrap">
        {`tar xf ${FOLDER}.tar && . ${FOLDER}/env.sh && docker ps`}
      </section>
      {error !== undefined && <Problem error={error} />}
      <div className="head-side" style={{ marginTop: 14 }}>
        <Button leftSection={<Icon name="download" size={16} />} loading={isBusy} onClick={() => void get()}>
          {w('bundle.get')}
        </Button>
        <CopyAs way={{ cli: 'berth bundle', route: 'bundle.create', input: {} }} />
      </div>
    </section>
  );
}
