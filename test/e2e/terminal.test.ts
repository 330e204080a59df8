import { readFile, stat } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newClient } from '../../src/contract/client.ts';
import { TERMINAL_PROTOCOL, TICKET_PREFIX } from '../../src/contract/v1/terminals.ts';
import type { Lab } from '../lab/lab.ts';
import { logIn, type OpenPage, openChromium, seriousFindings } from '../lab/page.ts';
import { sharedLab } from '../lab/shared.ts';

const NAME = 'term-web';
const LOUD = 'term-loud';
const VIEWER = 'term-viewer';
const PASSWORD = 'a long enough password';

let lab: Lab;
let open: OpenPage;

beforeAll(async () => {
  lab = await sharedLab();
  await lab.docker(['rm', '-f', NAME, LOUD]).catch(() => undefined);
  await lab.docker(['run', '-d', '--name', NAME, 'busybox', 'sleep', '100000']);
  await lab.berth(['user', 'create', VIEWER, '--password-stdin'], { input: PASSWORD });
  open = await openChromium({ viewport: { width: 1280, height: 900 } });
  await logIn(open.page, lab.addresses.api, lab.adminPassword ?? '');
});
afterAll(async () => {
  await open?.close();
  await lab?.berth(['user', 'rm', VIEWER, '--yes']).catch(() => undefined);
  await lab?.docker(['rm', '-f', NAME, LOUD]).catch(() => undefined);
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await open.page.setViewportSize({ width: 1280, height: 900 });
  await open.page.goto(lab.addresses.api);
});

const visit = async (container: string, tab?: string): Promise<Page> => {
  const { page } = open;
  await page.goto(`${lab.addresses.api}/containers/${container}`);
  if (tab !== undefined) await page.getByRole('tab', { name: tab }).click();
  return page;
};
/** A terminal in the container, opened anew where the last test has left none. */
const opened = async (): Promise<Page> => {
  const { page } = open;
  if (await page.getByText('Connected').isVisible()) {
    await page.locator('.xterm-screen').click();
  } else {
    await visit(NAME, 'Terminal');
    await page.getByRole('button', { name: 'Open a terminal' }).click();
  }
  await connected();
  return page;
};
/** It has the keys. */
const connected = async () => {
  await open.page.getByText('Connected').waitFor();
  await open.page.locator('.xterm textarea:focus').waitFor();
};
const screen = (): Locator => open.page.locator('.xterm-rows');
const says = (text: string | RegExp) => screen().getByText(text).first().waitFor();
const type = async (line: string) => {
  await open.page.keyboard.type(line);
  await open.page.keyboard.press('Enter');
};
/** Commands that run in the container. */
const commands = async (): Promise<string[]> => {
  const [, ...rows] = (await lab.docker(['top', NAME, '-o', 'pid,args'])).trim().split('\n');
  return rows.map((row) => row.trim().replace(/^\d+\s+/, ''));
};
const alone = () => expect.poll(commands, { timeout: 60_000 }).toEqual(['sleep 100000']);
const audited = async () =>
  (
    JSON.parse(await lab.berth(['audit', '--action', 'terminal.*', '--json'])) as {
      user: string;
      action: string;
      target: string;
      outcome: string;
    }[]
  ).map(({ user, action, target, outcome }) => `${user} ${action} ${target} ${outcome}`);

describe('a terminal', () => {
  it('is opened in a container, takes what is typed, and its size', async () => {
    await visit(NAME, 'Terminal');
    expect(await seriousFindings(open)).toEqual([]);
    const page = await opened();
    await type('echo $((6*7))-$TERM; stty size');
    await says('42-xterm-256color');
    await says(/^\d{2} \d{2,3}$/);
    expect(await seriousFindings(open)).toEqual([]);
    await page.setViewportSize({ width: 700, height: 900 });
    // It hears of its size a moment later.
    await type('until stty size | grep -q " [5-8].$"; do sleep 0.2; done; clear; stty size | sed s/^/now:/');
    await says(/^now:\d+ [5-8]\d$/);
    await page.setViewportSize({ width: 1280, height: 900 });
    // Colours of 24 bits are set in a way that the page's policy lets in, as is the terminal's own style.
    await type("clear; printf '\\033[38;2;250;10;20mred\\033[0m\\n'");
    await screen().locator('span', { hasText: /^red$/ }).waitFor();
    expect(open.complaints).toEqual([]);
  });

  it('is interrupted by Ctrl-C, left by keys, and runs on while another tab is looked at', async () => {
    const page = await opened();
    await type('kept=still');
    await type('clear; sleep 5000');
    await expect.poll(commands, { timeout: 30_000 }).toContain('sleep 5000');
    await page.keyboard.press('Control+c');
    await expect.poll(commands, { timeout: 30_000 }).not.toContain('sleep 5000');
    await page.keyboard.press('Control+Shift+ArrowUp');
    await page.locator('button:focus', { hasText: 'Close' }).waitFor();
    await page.getByRole('tab', { name: 'Inspect' }).click();
    await page.getByRole('region', { name: 'Inspect' }).waitFor();
    await page.getByRole('tab', { name: 'Terminal' }).click();
    await page.locator('.xterm-screen').click();
    // By a variable of the shell: another one would not have it.
    await type('echo $kept-$((1+1))');
    await says('still-2');
    expect((await commands()).filter((command) => command === 'sh')).toHaveLength(1);
  });

  it('stays usable, and in bounds, while a container writes without end', async () => {
    const page = await opened();
    await type('clear; yes 0123456789012345678901234567890123456789');
    await says('0123456789012345678901234567890123456789');
    await page.waitForTimeout(3000);
    const heap = (await page.evaluate('performance.memory.usedJSHeapSize')) as number;
    expect(heap).toBeLessThan(200 * 1024 * 1024);
    // What writes is a part of the shell, as a process of its own.
    const shells = async () => (await commands()).filter((command) => command === 'sh').length;
    expect(await shells()).toBe(2);
    await page.keyboard.press('Control+c');
    await expect.poll(shells, { timeout: 60_000 }).toBe(1);
    await type('echo; echo back-$((2+2))');
    await says('back-4');
  });

  it('is in the audit log when it begins and when it ends, and leaves nothing behind', async () => {
    const page = await opened();
    await type('sleep 7001');
    await expect.poll(commands, { timeout: 30_000 }).toContain('sleep 7001');
    await page.getByRole('button', { name: 'Close' }).first().click();
    await page.getByRole('button', { name: 'Open again' }).waitFor();
    await expect.poll(commands, { timeout: 60_000 }).not.toContain('sleep 7001');
    await expect
      .poll(async () => (await audited())[0] ?? '')
      .toMatch(new RegExp(`^admin terminal.close ${NAME}: sh -c .*, \\d+ s ok$`));
    expect((await audited()).some((line) => line.startsWith(`admin terminal.open ${NAME}: sh -c`))).toBe(
      true,
    );
    await alone();
  });

  it('runs a command of its own, as a user, in a folder; and says how it ended', async () => {
    const page = await visit(NAME, 'Terminal');
    await page.getByLabel('Command', { exact: true }).selectOption('other');
    await page.getByLabel('Command and arguments').fill("sh -c 'id -un; pwd; exit 3'");
    await page.getByLabel('User').fill('nobody');
    await page.getByLabel('Folder').fill('/tmp');
    await page.getByRole('button', { name: 'Open a terminal' }).click();
    await page.getByText('The command has ended with exit 3.').waitFor();
    await says('nobody');
    await says('/tmp');
    await page.getByLabel('Command and arguments').fill('no-such-program');
    await page.getByRole('button', { name: 'Open again' }).click();
    await page
      .getByText(/no-such-program|exit 12[67]/)
      .first()
      .waitFor();
    expect(await seriousFindings(open)).toEqual([]);
  });

  it('says so when its container ends, and when the manager does, and can be opened again', async () => {
    const page = await opened();
    await lab.docker(['restart', '-t', '0', NAME]);
    await page
      .getByText(/The command has ended|was lost/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Open again' }).click();
    await connected();
    await lab.killManager();
    try {
      await page.getByText('The connection to the manager was lost').waitFor();
    } finally {
      await lab.restartManager();
    }
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await alone();
    await page.getByRole('button', { name: 'Open again' }).click();
    await connected();
    await type('echo again-$((3+3))');
    await says('again-6');
    open.complaints.length = 0;
  });

  it('leaves no process after fifty were opened and broken off', async () => {
    const { token } = JSON.parse(
      await lab.berth(['api-token', 'create', 'term-test', '--ttl', '1h', '--json']),
    ) as { token: string };
    const client = newClient({ kind: 'https', url: lab.addresses.api, ca: await caOf(), token });
    try {
      for (let round = 0; round < 10; round++)
        await Promise.all([1, 2, 3, 4, 5].map(() => openAndBreak(client, token)));
    } finally {
      await client.close();
    }
    await visit(NAME);
    await alone();
  });
});

const caOf = async () => {
  const answer = await open.context.request.get(`${lab.addresses.api}/v1/ca.pem`);
  return answer.text();
};

async function openAndBreak(client: ReturnType<typeof newClient>, token: string): Promise<void> {
  const { ticket } = await client.call('terminal.open', {
    ...{ container: NAME, command: ['sh', '-c', 'echo here; sleep 8000'], columns: 80, rows: 24 },
  });
  const socket = new WebSocket(
    `${lab.addresses.api.replace('https', 'wss')}/v1/terminal`,
    [TERMINAL_PROTOCOL, TICKET_PREFIX + ticket],
    {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}` },
    },
  );
  await new Promise<void>((resolve, reject) => {
    socket.on('message', (_data, isBinary) => isBinary && resolve());
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('it was closed')));
  });
  socket.terminate();
}

describe('logs', () => {
  it('of several containers are merged in the order of time, searched, wrapped, and downloaded', async () => {
    const say =
      'for i in 1 2 3; do printf "\\033[31mwarn\\033[0m %s %s\\n" "$0" "$i"; sleep 0.3; done; sleep 100000';
    await lab.docker(['rm', '-f', 'term-a', 'term-b']).catch(() => undefined);
    for (const name of ['term-a', 'term-b'])
      await lab.docker([
        'run',
        '-d',
        '--name',
        name,
        'busybox',
        'sh',
        '-c',
        say.replaceAll('\\\\', '\\'),
        name,
      ]);
    try {
      const page = await visit('term-a');
      const log = page.getByRole('log');
      await log.getByText('term-a 3').waitFor();
      expect(await log.getByText('[31m').count()).toBe(0);
      await page.getByRole('combobox', { name: 'Merge with other containers' }).fill('term-b');
      await page.getByRole('option', { name: /term-b/ }).click();
      await page.keyboard.press('Escape');
      await log.getByText('term-b 3').waitFor();
      expect(await log.locator('.log-of').allTextContents()).toEqual(
        expect.arrayContaining(['term-a', 'term-b']),
      );
      expect(await seriousFindings(open)).toEqual([]);
      await page.getByLabel('Search in what is shown').fill('warn');
      await page.getByText(/^6 of 6 lines/).waitFor();
      await page.keyboard.press('Enter');
      await page.getByText('hit 1 of 6').waitFor();
      await page.getByRole('button', { name: 'Previous hit' }).click();
      await page.getByText('hit 6 of 6').waitFor();
      await page.getByRole('button', { name: 'Wrap' }).click();
      await page.locator('.log-line.wrap').first().waitFor();
      expect(await seriousFindings(open)).toEqual([]);
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download' }).click();
      const text = await readFile(await (await saved).path(), 'utf8');
      expect(text.match(/^2\d{3}-.*Z term-[ab] .*warn/gm)).toHaveLength(6);
    } finally {
      await open.page.evaluate("localStorage.removeItem('berth-log-wrap')");
      await lab.docker(['rm', '-f', 'term-a', 'term-b']);
    }
  });

  it('are left by touch and by the scrollbar, and followed again at their end', async () => {
    const write =
      'i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i+1)); done; while :; do echo "line $i"; i=$((i+1)); sleep 0.05; done';
    await lab.docker(['rm', '-f', LOUD]).catch(() => undefined);
    await lab.docker(['run', '-d', '--name', LOUD, 'busybox', 'sh', '-c', write]);
    const page = await visit(LOUD);
    const log = page.getByRole('log');
    const follows = page.getByRole('button', { name: 'Pause', exact: true });
    const isHeld = page.getByRole('button', { name: 'Follow', exact: true });
    const scroll = (how: string) =>
      page.evaluate(`(() => {
      const log = document.querySelector('[role="log"]');
      ${how};
      return log.scrollTop;
    })()`) as Promise<number>;
    const toEnd = 'log.scrollTop = log.scrollHeight';
    try {
      await log
        .getByText(/^line 3\d\d$/)
        .first()
        .waitFor();
      await follows.waitFor();
      // As a scrollbar does it: no wheel, no key.
      const top = await scroll('log.scrollTop -= 600');
      await isHeld.waitFor();
      await page.getByText(/\d+ new lines/).waitFor();
      expect(await scroll('')).toBe(top);
      await scroll(toEnd);
      await follows.waitFor();
      const session = await open.context.newCDPSession(page);
      const box = await log.boundingBox();
      if (box === null) throw new Error('the log is not seen');
      const x = box.x + box.width / 2;
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...ys: number[]) =>
        session.send('Input.dispatchTouchEvent', { type, touchPoints: ys.map((y) => ({ x, y })) });
      // One right behind the other: a finger that rests at first presses long.
      const swipe = [touch('touchStart', box.y + 60)];
      for (let by = 70; by <= 260; by += 10) swipe.push(touch('touchMove', box.y + by));
      await Promise.all([...swipe, touch('touchEnd')]);
      await isHeld.waitFor();
      await page.getByText(/\d+ new lines/).waitFor();
      // It rolls on after the finger is gone, and away from an end that it was set to meanwhile.
      let before = -1;
      await expect
        .poll(
          async () => {
            const last = before;
            before = await scroll('');
            return before - last;
          },
          { interval: 1_000 },
        )
        .toBe(0);
      await scroll(toEnd);
      await follows.click();
      // Who has paused it goes on when he says so.
      await scroll('log.scrollTop -= 600');
      await scroll(toEnd);
      await page.getByText(/\d+ new lines/).waitFor();
      await isHeld.click();
      await follows.waitFor();
      // Containers of the test before, and their logs, may be asked for once more when they are gone, or just going.
      expect(open.complaints.filter((text) => !/status of 40[49]/.test(text))).toEqual([]);
    } finally {
      await lab.docker(['rm', '-f', LOUD]);
    }
  });

  it('say of a long line how much more there is, and have it whole in a download', async () => {
    const write = "head -c 10000 /dev/zero | tr '\\0' x; echo; echo after; sleep 100000";
    await lab.docker(['run', '-d', '--name', LOUD, 'busybox', 'sh', '-c', write]);
    try {
      const page = await visit(LOUD);
      await page.getByText('… cut: 6,000 more characters').waitFor();
      await page.getByRole('log').getByText('after', { exact: true }).waitFor();
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download' }).click();
      const text = await readFile(await (await saved).path(), 'utf8');
      expect(text).toMatch(/^\S+Z x{10000}\n\S+Z after\n$/);
      expect(await seriousFindings(open)).toEqual([]);
    } finally {
      await lab.docker(['rm', '-f', LOUD]);
    }
  });

  it('of a container that writes without end, and no text, leave the page usable and in bounds', async () => {
    const write = 'head -c 100000 /dev/urandom; yes 0123456789012345678901234567890123456789';
    await lab.docker(['run', '-d', '--name', LOUD, 'busybox', 'sh', '-c', write]);
    try {
      const page = await visit(LOUD);
      await page.getByText('Only the newest 5,000 lines are kept here').waitFor();
      await page.waitForTimeout(3000);
      expect(await page.evaluate('performance.memory.usedJSHeapSize')).toBeLessThan(250 * 1024 * 1024);
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      await page.getByRole('button', { name: 'Follow' }).waitFor();
      await page.getByRole('tab', { name: 'Inspect' }).click();
      await page.getByRole('region', { name: 'Inspect' }).waitFor();
    } finally {
      await lab.docker(['rm', '-f', LOUD]);
    }
  });
});

describe('files', () => {
  it('are listed without a program of the image, links followed within it, and downloaded whatever they are called', async () => {
    const make =
      'mkdir -p "/data/a b" && cd /data && echo hello > "名 <b>x.txt" && ln -s /data /away && ln -s /nowhere dead && dd if=/dev/zero of=big bs=1M count=20';
    await lab.docker(['exec', NAME, 'sh', '-c', make]);
    const page = await visit(NAME, 'Files');
    await page.getByRole('row').filter({ hasText: 'data/' }).waitFor();
    expect(await seriousFindings(open)).toEqual([]);
    await page.getByRole('button', { name: 'away', exact: true }).click();
    await page.getByRole('button', { name: 'a b/', exact: true }).waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: '名 <b>x.txt', exact: true }).click();
    const file = await saved;
    expect(await readFile(await file.path(), 'utf8')).toBe('hello\n');
    const folder = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the folder' }).click();
    expect((await stat(await (await folder).path())).size).toBeGreaterThan(20 * 1024 * 1024);
    await page.getByRole('button', { name: 'dead', exact: true }).click();
    await page.getByRole('alert').getByText('there is no "/nowhere"').waitFor();
    await page.getByLabel('Folder or file').fill('/../../etc/../data');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'big', exact: true }).waitFor();
    await expect.poll(() => page.getByLabel('Folder or file').inputValue()).toBe('/data');
    expect(await seriousFindings(open)).toEqual([]);
  });
});

describe('who comes after', () => {
  it('sees nothing of the one before, and what a viewer may not do says why', async () => {
    const page = await opened();
    await type('echo only-for-admin');
    await says('only-for-admin');
    await page.getByRole('button', { name: 'Account admin' }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in to Berth' }).waitFor();
    await page.getByLabel('User', { exact: true }).fill(VIEWER);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation').getByText('Live').waitFor();
    expect(await page.getByText('only-for-admin').count()).toBe(0);
    await alone();
    // What was looked at before is there still, hidden.
    const why = page.getByText('You are viewer; this needs operator').filter({ visible: true }).first();
    await page.getByRole('tab', { name: 'Files' }).click();
    await why.waitFor();
    await page.getByRole('tab', { name: 'Terminal' }).click();
    const button = page.getByRole('button', { name: 'Open a terminal' });
    await expect.poll(() => button.getAttribute('aria-disabled')).toBe('true');
    await why.waitFor();
    await button.click({ force: true });
    expect(await page.locator('.xterm').count()).toBe(0);
    for (const name of ['Restart', 'Stop', 'Remove'])
      expect(await page.getByRole('button', { name, exact: true }).getAttribute('aria-disabled')).toBe(
        'true',
      );
    expect(await seriousFindings(open)).toEqual([]);
    const refused = (await page.evaluate(
      `fetch('/v1/containers/${NAME}/terminal', { method: 'POST', headers: { 'berth-page': '1', 'content-type': 'application/json' },
        body: JSON.stringify({ command: ['sh'], columns: 80, rows: 24 }) }).then(({ status }) => status)`,
    )) as number;
    expect(refused).toBe(403);
    await expect.poll(async () => (await audited())[0] ?? '').toMatch(`${VIEWER} terminal.open`);
  });
});
