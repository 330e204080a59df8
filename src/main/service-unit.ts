import { readFileSync, rmSync } from 'node:fs';
import { BerthError } from '../kit/errors.ts';
import { writeWhole } from './data-dir.ts';
import { run } from './run.ts';

const FOLDER = '/etc/systemd/system';

/**
 * A systemd unit that runs `argv` in the foreground. It does not wait for Docker's unit, which waits for the agent where
 * containers are on networks that span hosts. Containers belong to Docker's unit, so stopping this one leaves
 * them alone.
 */
export function renderUnit(description: string, argv: readonly string[]): string {
  return `[Unit]
Description=${description}
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=${argv.map(quote).join(' ')}
Restart=always
RestartSec=1
KillMode=process
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
`;
}

/** systemd.service(5), "Command lines": double quotes, `\`, `%` and `$` have a meaning of their own. */
function quote(word: string): string {
  if (/^[A-Za-z0-9_@:/.,=+-]+$/.test(word)) return word;
  const escaped = word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return `"${escaped}"`;
}

/** @throws BerthError where systemd refuses the unit. */
export async function installUnit(name: string, text: string): Promise<void> {
  writeWhole(`${FOLDER}/${name}.service`, text, 0o644);
  for (const argv of [
    ['systemctl', 'daemon-reload'],
    ['systemctl', 'enable', '--now', name],
  ]) {
    const { code, output } = await run(argv);
    if (code !== 0) throw new BerthError('unavailable', `"${argv.join(' ')}" failed: ${output.trim()}`);
  }
}

export async function stopUnit(name: string, remove: boolean): Promise<void> {
  await run(['systemctl', remove ? 'disable' : 'stop', ...(remove ? ['--now'] : []), name]);
  if (!remove) return;
  rmSync(`${FOLDER}/${name}.service`, { force: true });
  await run(['systemctl', 'daemon-reload']);
}

/** True where the unit is installed and is the one for this data directory. */
export function unitIsFor(name: string, dataDir: string): boolean {
  try {
    return readFileSync(`${FOLDER}/${name}.service`, 'utf8').includes(dataDir);
  } catch {
    return false;
  }
}
