import { expect, it } from 'vitest';
import { loginKey, registryName, registryOf, registrySchema } from './registry-login.ts';

it.each([
  ['redis', 'docker.io'],
  ['library/redis:7', 'docker.io'],
  ['docker.io/library/redis', 'docker.io'],
  ['index.docker.io/me/app', 'docker.io'],
  ['localhost/app', 'localhost'],
  ['localhost:5000/app:1', 'localhost:5000'],
  ['Registry.example.com/team/app@sha256:00', 'registry.example.com'],
  ['[fd00::1]:5000/app', '[fd00::1]:5000'],
])('finds the registry of %s', (image, registry) => {
  expect(registryOf(image)).toBe(registry);
  expect(registrySchema.safeParse(registry).success).toBe(true);
});

it('takes addresses as docker login does', () => {
  expect(registryName('https://index.docker.io/v1/')).toBe('docker.io');
  expect(registryName('')).toBe('docker.io');
  expect(registryName('http://Reg:5000/v2/')).toBe('reg:5000');
  for (const wrong of ['a b', 'a/b', '-x', 'x:port', ''])
    expect(registrySchema.safeParse(wrong).success).toBe(false);
});

it('keeps what is one service’s apart from what is for all', () => {
  const registry = 'reg:5000';
  const keys = [
    loginKey({ registry }),
    loginKey({ registry, service: 's/a' }),
    loginKey({ registry, service: 's/b' }),
  ];
  expect(new Set(keys).size).toBe(3);
});
