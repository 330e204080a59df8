import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sharedLab } from '../lab/shared.ts';

const STACK = 'made';
const IMAGE = `${STACK}/web:1`;
let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'berth-deploy-build-'));

beforeAll(async () => {
  lab = await sharedLab();
  await clean();
  writeFileSync(
    join(folder, 'compose.yaml'),
    `services:
  web:
    image: ${IMAGE}
    build: { context: ., args: { WHO: me } }
    command: sleep 100000
    stop_grace_period: 0s
    deploy:
      replicas: 3
      update_config: { parallelism: 0, monitor: 100ms }
`,
  );
  writeFileSync(
    join(folder, 'Dockerfile'),
    'FROM busybox:latest\nARG WHO\nCOPY text /text\nRUN echo "$WHO" > /who\n',
  );
});
afterAll(async () => {
  if (lab !== undefined) await clean();
  rmSync(folder, { recursive: true, force: true });
});

async function clean(): Promise<void> {
  await lab.berth(['stack', 'rm', STACK, '--yes']).catch(() => undefined);
  await lab.docker(['rmi', '-f', IMAGE]).catch(() => undefined);
}

const deploy = (text: string, ...more: string[]) => {
  writeFileSync(join(folder, 'text'), text);
  return lab.berth(['deploy', '-f', join(folder, 'compose.yaml'), '--name', STACK, ...more]);
};
/** What the files in its containers hold, and on how many hosts they are. */
async function seen() {
  const all = JSON.parse(await lab.berth(['stack', 'ps', STACK, '--json'])) as {
    name: string;
    hostName: string;
  }[];
  const texts = all.map(({ name }) => lab.docker(['exec', name, 'cat', '/text', '/who']));
  return { texts: await Promise.all(texts), hosts: new Set(all.map(({ hostName }) => hostName)).size };
}

describe('a stack whose image is to be built', () => {
  it('runs on all hosts, is not built again, and is by --build', async () => {
    expect(await deploy('one ')).toContain('stack made is deployed');
    expect(await seen()).toEqual({ texts: ['one me', 'one me', 'one me'], hosts: 3 });
    expect(await deploy('two ')).toContain('nothing changes');
    expect((await seen()).texts).toEqual(['one me', 'one me', 'one me']);
    expect(await deploy('two ', '--build')).toContain('its image was built anew');
    expect(await seen()).toEqual({ texts: ['two me', 'two me', 'two me'], hosts: 3 });
    // From the cache: it is the same.
    expect(await deploy('two ', '--build')).not.toContain('anew');
  });

  it('is not deployed where it cannot be built', async () => {
    const before = await seen();
    writeFileSync(join(folder, 'Dockerfile'), 'FROM busybox:latest\nRUN exit 3\n');
    await expect(deploy('three', '--build')).rejects.toThrow(/image made\/web:1 was not built/);
    expect(await seen()).toEqual(before);
  });
});
