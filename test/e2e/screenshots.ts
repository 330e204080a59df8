import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureImage } from '../images/bake.ts';
import { startLab } from '../lab/lab.ts';
import { logIn, openChromium } from '../lab/page.ts';
import { ensureRequirements } from '../lab/requirements.ts';

/** `npm run screenshots`: every page of the dashboard, of a lab of three hosts with a stack on it, as root. */
const OUT = 'docs/screenshots';
const LOOKS = [
  { name: 'light-en', colorScheme: 'light', language: 'en' },
  { name: 'dark-zh', colorScheme: 'dark', language: 'zh' },
] as const;
const STACK = `services:
  web:
    image: busybox:latest
    command: sh -c "mkdir /www; echo hello >/www/index.html; httpd -p 8080 -h /www; while :; do echo \\"GET / 200 $$((RANDOM % 40)) ms\\"; sleep 1; done"
    labels: { berth.routing.port_8080: shop.example.com, berth.routing.rate_limit: 100/10s }
    healthcheck: { test: wget -qO- http://127.0.0.1:8080/, interval: 2s }
    deploy: { replicas: 4, resources: { reservations: { memory: 512M } } }
  worker:
    image: busybox:latest
    command: sh -c "while :; do echo job done; sleep 5; done"
    deploy: { replicas: 3, resources: { reservations: { memory: 1G } } }
  cache:
    image: busybox:latest
    command: sleep 100000
    deploy: { resources: { reservations: { memory: 2G } } }
`;

// Letters of Chinese, which a machine without a desktop has not.
await ensureRequirements([['/usr/share/fonts/truetype/wqy/wqy-microhei.ttc', 'fonts-wqy-microhei']]);
const folder = mkdtempSync(join(tmpdir(), 'berth-screenshots-'));
const lab = await startLab({
  hosts: 3,
  labels: { h1: { rack: 'r1' }, h2: { rack: 'r1' }, h3: { rack: 'r2' } },
});
try {
  await ensureImage('busybox', lab.endpoint);
  await ensureImage('haproxy', lab.endpoint);
  await lab.berth(['settings', 'set', 'routerImage=haproxy:latest', 'routerTlsPort=443']);
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, STACK);
  await lab.berth(['deploy', '-f', file, '--name', 'shop', '--timeout', '110']);
  await lab.docker(['run', '-d', '--name', 'proxy', '-p', '8088:8080', 'busybox', 'sleep', '100000']);
  await lab.docker(['create', '--name', 'import', 'busybox', 'true']);
  for (const words of [
    'lb create crm',
    'lb attach crm 192.0.2.1:80 192.0.2.2:80',
    'lb listen crm crm.example.com',
    'user create ada --role operator',
    'dns zone add apps.example.com --wildcard 192.0.2.80',
  ])
    await lab.berth(words.split(' '));
  mkdirSync(OUT, { recursive: true });
  for (const look of LOOKS) await shoot(look);
} finally {
  await lab.down();
  rmSync(folder, { recursive: true, force: true });
}

async function shoot({ name, colorScheme, language }: (typeof LOOKS)[number]): Promise<void> {
  const { page, close } = await openChromium({ colorScheme, viewport: { width: 1120, height: 700 } });
  const shot = (what: string) =>
    page.screenshot({ path: `${OUT}/${what}-${name}.png`, animations: 'disabled' });
  try {
    await page.goto(lab.addresses.api);
    await page.evaluate(`localStorage.setItem('berth-language', '${language}')`);
    await page.reload();
    await page.locator('input[name=user]').waitFor();
    await shot('login');
    await page.evaluate("localStorage.setItem('berth-language', 'en')");
    await logIn(page, lab.addresses.api, lab.adminPassword ?? '');
    await page.evaluate(`localStorage.setItem('berth-language', '${language}')`);
    for (const [what, path, sign] of [
      ['overview', '/', '.meter'],
      ['topology', '/topology', '[role=treeitem]:nth-child(6)'],
      ['plan', '/topology?drain=h2&host=h2', '.topo-plan .topo-card-foot'],
      ['hosts', '/hosts', '[data-index="2"]'],
      ['join', '/hosts?add=true', '[role=dialog] form'],
      ['host', '/hosts/h2', '.chart canvas'],
      ['containers', '/containers', '[data-index="5"]'],
      ['stacks', '/stacks', '[data-index="0"]'],
      ['stack', '/stacks/shop', '[data-index="2"]'],
      ['service', '/stacks/shop/services/web', '[data-index="3"]'],
      ['releases', '/stacks/shop/services/web/releases', '.releases li'],
      ['autoscaling', '/stacks/shop/services/web/autoscaling', '.scaling-rule'],
      ['ways', '/stacks/shop/services/web/ways', '#triggers'],
      ['service-charts', '/stacks/shop/services/web/charts', '.chart canvas'],
      ['new-stack', '/stacks/+new', '.template'],
      ['edit-stack', '/stacks/shop/edit', '.deploy-diff, .findings .note'],
      ['picture', '/stacks/shop/picture', '.part-service'],
      ['networks', '/networks', '[data-index="0"]'],
      ['network', '/networks/shop_default', '.cell-used'],
      ['router', '/router', '[data-index="1"]'],
      ['route', '/router/route/shop.example.com', '.tile'],
      ['balancer', '/router/balancer/crm', '.lines li'],
      ['certificates', '/router?tab=certificates', '[data-index="0"]'],
      ['events', '/events', '[data-index="5"]'],
      ['audit', '/audit', '[data-index="3"]'],
      ['users', '/users', '[data-index="1"]'],
      ['account', '/account', '[data-index="0"]'],
      ['settings', '/settings', '.setting'],
      ['dns', '/settings?tab=dns', '[data-index="0"]'],
      ['images', '/images', '[data-index="0"]'],
      ['volumes', '/volumes', '.filters'],
    ] as const) {
      await page.goto(`${lab.addresses.api}${path}`);
      // A page that has tabs has rows in those that are not shown, too.
      await page.locator(sign).locator('visible=true').first().waitFor();
      await page.waitForTimeout(1200);
      await shot(what);
    }
    await page.goto(`${lab.addresses.api}/containers`);
    await page.locator('a', { hasText: 'shop_web' }).first().click();
    await page.locator('.log-line').first().waitFor();
    await page.waitForTimeout(1500);
    await shot('container');
    await page.getByRole('tab', { name: /Charts|图表/ }).click();
    await page.locator('.chart canvas').first().waitFor();
    await page.waitForTimeout(1500);
    await shot('container-charts');
    await page.locator('[role=tab][aria-controls$="-panel-files"]').click();
    await page.locator('.files-rows [data-index="3"]').waitFor();
    await shot('files');
    await page.locator('[role=tab][aria-controls$="-panel-terminal"]').click();
    await page.locator('.terminal-form button[type=submit]').click();
    await page.locator('.terminal-foot .tone-good').waitFor();
    await page.keyboard.type('ls -la /www && ps');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(1500);
    await shot('terminal');
    await page.keyboard.press('Control+Shift+ArrowUp');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').getByRole('combobox').fill('h2');
    await page.locator('.palette-item').first().waitFor();
    await shot('palette');
  } finally {
    await close();
  }
}
