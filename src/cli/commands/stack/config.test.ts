import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, tempDir } from '../../testing/run.ts';

function folder(files: Readonly<Record<string, string>>): string {
  const cwd = join(tempDir(), 'shop');
  mkdirSync(cwd);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
}

it('prints the file of the folder or above it, its override over it, with variables of .env', async () => {
  const cwd = folder({
    'compose.yaml': 'services:\n  web:\n    image: web:${TAG}\n    ports: ["80"]\n',
    'compose.override.yaml': 'services:\n  web:\n    environment: [A=1]\n',
    '.env': 'TAG=7\n',
  });
  mkdirSync(join(cwd, 'below'));
  const { code, stdout, stderr } = await run(['stack', 'config', '--format', 'json'], {
    cwd: join(cwd, 'below'),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    name: 'shop',
    services: {
      web: { image: 'web:7', ports: [{ target: 80, protocol: 'tcp' }], environment: { A: '1' } },
    },
  });
}, 60_000);

it('tells warnings and mistakes with their places, on standard error', async () => {
  const cwd = folder({ 'compose.yml': 'services:\n  web:\n    image: web\n    attach: true\n' });
  const warned = await run(['stack', 'config', '--quiet'], { cwd });
  expect(warned.stderr).toBe(
    `warning: ${cwd}/compose.yml:4:5: services.web.attach: changes nothing: berth stack logs shows the output of all services\n`,
  );
  expect([warned.code, warned.stdout]).toEqual([0, '']);
  writeFileSync(join(cwd, 'compose.yml'), 'services:\n  web:\n    imag: web\n    scale: [1]\n');
  const refused = await run(['stack', 'config'], { cwd });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr.split('\n')).toEqual([
    `${cwd}/compose.yml:4:5: services.web.scale: is a list, and must be a whole number or a text`,
    `berth: ${cwd}/compose.yml:3:5: services.web.imag: unknown key: did you mean image? (and 1 more)`,
    '',
  ]);
}, 60_000);

it('tells what was warned of where there is a mistake, too: it may be why', async () => {
  const cwd = folder({ 'compose.yml': 'services:\n  web:\n    image: "web:${TAG2}"\n' });
  const { code, stdout, stderr } = await run(['stack', 'config'], { cwd });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^warning: .*compose\.yml:3:.*variable TAG2 is not set/),
    expect.stringMatching(/^berth: .*compose\.yml:3:.*"web:" is no name of an image/),
    '',
  ]);
}, 60_000);

it('shows digests in place of secrets in the model', async () => {
  const cwd = folder({
    'compose.yml': 'services: {web: {image: web, secrets: [key]}}\nsecrets: {key: {file: key}}\n',
    key: 'hunter2',
  });
  const { stdout } = await run(['stack', 'config', '--model'], { cwd });
  expect(stdout).not.toContain('hunter2');
  expect(JSON.parse(stdout)).toMatchObject({ name: 'shop', secrets: [{ key: 'key', name: 'shop_key' }] });
}, 60_000);

it('says where it has looked, and refuses what is no text', async () => {
  const cwd = folder({});
  expect(await run(['stack', 'config'], { cwd })).toMatchObject({ code: 3 });
  writeFileSync(join(cwd, 'compose.yml'), Buffer.from([0xff, 0xfe, 0x80]));
  const { code, stderr } = await run(['stack', 'config'], { cwd });
  expect([code, stderr]).toEqual([
    2,
    `berth: ${cwd}/compose.yml is not a text in UTF-8 → write it in UTF-8\n`,
  ]);
  expect(await run(['stack', 'config', '-f', '/dev/zero'], { cwd })).toMatchObject({ code: 2 });
}, 60_000);

it('reads standard input as a file, and paths from the folder that is named', async () => {
  const cwd = folder({ '.env': 'TAG=1\n', 'over.yml': 'services: {web: {environment: [B=2]}}\n' });
  mkdirSync(join(cwd, 'project'));
  writeFileSync(join(cwd, 'project', '.env'), 'TAG=7\n');
  const input = 'services: {web: {image: "web:${TAG}", volumes: ["./data:/data"]}}\n';
  const args = ['stack', 'config', '--format', 'json', '-f', '-', '-f', 'over.yml'];
  const { code, stdout } = await run([...args, '--project-directory', 'project'], { cwd, input });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'project',
    services: {
      web: { image: 'web:7', environment: { B: '2' }, volumes: [{ source: join(cwd, 'project', 'data') }] },
    },
  });
  expect(JSON.parse((await run(args, { cwd, input })).stdout)).toMatchObject({
    name: 'shop',
    services: { web: { image: 'web:1' } },
  });
  const wrong = await run(args, { cwd, input: 'services: {web: {imag: x}}\n' });
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('<stdin>:1:18: services.web.imag:'),
  ]);
  expect((await run([...args, '--project-directory', 'over.yml'], { cwd, input })).stderr).toContain(
    'is not a folder',
  );
  expect((await run(args, { cwd, input: 'x'.repeat(10 * 1024 * 1024 + 1) })).stderr).toContain(
    'standard input holds more than 10485760 bytes',
  );
}, 60_000);
