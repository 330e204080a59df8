import { expect, it } from 'vitest';
import { certificateWorry } from './certificate-worry.ts';

const DAY = 86_400_000;
const NOW = 100 * DAY;
const refused = { error: 'the CA: no such name', wantedBy: 'routes' as const };
const shownUntil = (notAfter: number) => ({ source: 'acme' as const, notBefore: 0, notAfter });

it('tells what a CA does not give, for as long as something wants it', () => {
  expect(certificateWorry('a', { acme: refused }, NOW)).toBe(
    'certificate a is not issued: the CA: no such name',
  );
  expect(certificateWorry('a', { acme: { ...refused, error: '' } }, NOW)).toBe('');
  expect(certificateWorry('a', { acme: { ...refused, wantedBy: 'nobody' } }, NOW)).toBe('');
});

it('tells of ends that are near, and what to do', () => {
  const far = shownUntil(190 * DAY);
  expect(certificateWorry('a', { shown: far, acme: refused }, NOW)).toContain('is not renewed');
  expect(certificateWorry('a', { shown: far, acme: { ...refused, wantedBy: 'nobody' } }, NOW)).toBe('');
  const near = shownUntil(101 * DAY);
  expect(certificateWorry('a', { shown: near, acme: refused }, NOW)).toContain('the CA: no such name');
  expect(certificateWorry('a', { shown: near, acme: { ...refused, wantedBy: 'nobody' } }, NOW)).toContain(
    'nothing wants it any more: "berth cert rm a"',
  );
});
