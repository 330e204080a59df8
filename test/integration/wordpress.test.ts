import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImage } from '../images/bake.ts';
import { Browser } from '../lab/browser.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { tryRun } from '../lab/run.ts';

const DOMAIN = 'blog.example.com';
/** By service: its image, and the host that has it. What they tell each other goes from host to host. */
const SERVICES = {
  db: { image: 'mariadb', host: 'h1' },
  cache: { image: 'redis', host: 'h1' },
  web: { image: 'wordpress', host: 'h2' },
} as const;
const folder = mkdtempSync(join(tmpdir(), 'berth-wordpress-'));
let lab: Lab;
let browser: Browser;

beforeAll(async () => {
  await ensureRequirements([['curl', 'curl']]);
  lab = await startLab({ hosts: 2, labels: { h1: { 'berth.ingress': 'true' } } });
  await ensureImage('haproxy', lab.host('h1').engine);
  for (const { image, host } of Object.values(SERVICES)) await ensureImage(image, lab.host(host).engine);
  await lab.berth(['settings', 'set', 'routerImage=haproxy:latest']);
  browser = await Browser.start({ [DOMAIN]: lab.host('h1').address });
});
afterAll(async () => {
  await browser?.close();
  await lab?.down();
  rmSync(folder, { recursive: true, force: true });
});

async function deploy(): Promise<string> {
  const [env, here] = [join(folder, 'env'), join(folder, 'here.yaml')];
  const images = Object.values(SERVICES).map(
    ({ image }) => `${image.toUpperCase()}_IMAGE=berth-test/${image}:latest`,
  );
  writeFileSync(env, [...images, `DOMAIN=${DOMAIN}`, 'DB_PASSWORD=a-password'].join('\n'));
  const placed = Object.entries(SERVICES).map(
    ([name, { host }]) =>
      `  ${name}: { deploy: { placement: { constraints: ['node.hostname == ${host}'] } } }\n`,
  );
  writeFileSync(here, `services:\n${placed.join('')}`);
  const files = ['-f', 'examples/wordpress/compose.yaml', '-f', here, '--env-file', env];
  return lab.berth(['deploy', ...files, '--name', 'blog', '--timeout', '110']);
}

/** What is between the tags of the first element that the selector finds. */
const text = (selector: string) =>
  browser.evaluate<string | null>(`document.querySelector(${JSON.stringify(selector)})?.textContent.trim()`);

describe('the example of WordPress, MariaDB and Redis', () => {
  it('is deployed, set up, and serves its page in a browser that knows nothing but its domain', async () => {
    expect(await deploy()).toContain('stack blog is deployed');
    const curl = ['curl', '-s', '-m', '30', '-o', '/dev/null', '-w', '%{http_code}', '-H', `Host: ${DOMAIN}`];
    const status = async () => (await tryRun([...curl, `http://${lab.host('h1').address}/`])).stdout;
    await expect.poll(status, { timeout: 120_000, interval: 500 }).toMatch(/^[23]/);
    await browser.open(`http://${DOMAIN}/`);
    expect(await browser.evaluate('location.href')).toBe(`http://${DOMAIN}/wp-admin/install.php`);
    const answers = { weblog_title: 'Harbour news', user_login: 'editor', admin_email: 'editor@example.com' };
    await browser.loads(() =>
      browser.evaluate(`for (const [id, value] of Object.entries(${JSON.stringify(answers)}))
        document.getElementById(id).value = value;
      document.getElementById('setup').submit.click()`),
    );
    expect(await text('h1')).toBe('Success!');

    await browser.open(`http://${DOMAIN}/`);
    expect(await browser.evaluate('document.title')).toBe('Harbour news');
    expect(await text('.wp-block-post-title')).toBe('Hello world!');
    expect(await text('#seen')).toBe('1');
    await browser.open(`http://${DOMAIN}/?p=1`);
    expect(await text('h1')).toBe('Hello world!');
    expect(await text('#seen')).toBe('2');
  });
});
