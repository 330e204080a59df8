import { describe, expect, it } from 'vitest';
import { renderUnit } from './service-unit.ts';

describe('renderUnit', () => {
  it('quotes what systemd would read otherwise', () => {
    const unit = renderUnit('Berth', ['/usr/bin/node', '/opt/my berth/b.mjs', '--label', 'a=100%$HOME"x"']);
    expect(unit).toContain('ExecStart=/usr/bin/node "/opt/my berth/b.mjs" --label "a=100%%$$HOME\\"x\\""\n');
  });

  it('does not wait for an engine that waits for its network plugins', () => {
    expect(renderUnit('Berth', ['x'])).not.toContain('docker.service');
  });

  it('leaves the containers alone when it stops', () => {
    expect(renderUnit('Berth', ['x'])).toContain('KillMode=process');
  });
});
