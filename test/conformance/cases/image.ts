import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Bench } from '../bench.ts';
import type { CaseGroup } from '../case.ts';
import { program } from '../program.ts';

const CLASSIC = { env: { DOCKER_BUILDKIT: '0' } };

/** Which hosts' own engines have the image. */
async function hostsWith(bench: Bench, image: string): Promise<string[]> {
  const names = bench.lab.hosts.map(({ name }) => name);
  const has = await Promise.all(
    names.map(
      async (name) => (await bench.try(['-H', bench.lab.host(name).engine, 'image', 'inspect', image])).code,
    ),
  );
  return names.filter((_, index) => has[index] === 0);
}

/** Puts busybox into the registry under a name of its own. */
async function pushed(bench: Bench): Promise<string> {
  const image = `${bench.registry.address}/${bench.tag}-${bench.cli.major}:1`;
  await bench.run(['tag', 'busybox', image]);
  await bench.run(['push', image]);
  await bench.run(['rmi', image]);
  return image;
}

/** Images: making, moving and removing them. */
export const IMAGE_CASES: CaseGroup = {
  title: 'Images',
  cases: [
    {
      command: 'docker push',
      async run(bench) {
        const image = `${bench.registry.address}/pushed-${bench.tag}:1`;
        await bench.run(['tag', 'busybox', image]);
        expect(await bench.run(['push', image])).toMatch(/^1: digest: sha256:[0-9a-f]{64}/m);
        await bench.run(['push', '--all-tags', image.replace(/:1$/, '')]);
        await bench.run(['rmi', image]);
        const gone = `${bench.registry.address}/never-tagged:1`;
        expect((await bench.try(['push', gone])).stderr).toMatch(/does not exist locally/);
      },
    },
    {
      command: 'docker pull',
      differs:
        'pulls on all hosts, or those that the setting `imageHosts` names, so that containers may go anywhere; lines of progress begin with the host’s name.',
      async run(bench) {
        const image = await pushed(bench);
        const out = await bench.run(['pull', image]);
        for (const host of ['h1', 'h2', 'h3']) expect(out).toMatch(new RegExp(`^${host}:? .*`, 'm'));
        expect(out).toMatch(new RegExp(`${image}$`));
        expect(await hostsWith(bench, image)).toEqual(['h1', 'h2', 'h3']);
        await bench.run(['rmi', image]);
        const { code, stderr } = await bench.try(['pull', `${bench.registry.address}/none:1`]);
        expect([code, stderr]).toEqual([1, expect.stringMatching(/manifest unknown|not found/)]);
      },
    },
    {
      command: 'docker run (image from a registry)',
      async run(bench) {
        const image = await pushed(bench);
        const { code, stdout } = await bench.try(['run', '--rm', image, 'echo', 'pulled']);
        expect([code, stdout]).toEqual([0, 'pulled\n']);
        await bench.run(['rmi', '-f', image]);
      },
    },
    {
      command: 'docker build (classic builder)',
      async run(bench) {
        const image = bench.name('image');
        const context = bench.context('built', [
          'ARG WORD',
          'COPY file /file',
          'RUN echo $WORD >> /file',
          'CMD cat /file',
        ]);
        bench.file('built/file', 'copied\n');
        const out = await bench.run(['build', '--build-arg', 'WORD=said', '-t', image, context], CLASSIC);
        expect(out).toMatch(/Successfully tagged/);
        expect(await bench.run(['run', '--rm', image])).toBe('copied\nsaid');
      },
    },
    {
      command: 'docker build (as the CLI does it by itself)',
      differs:
        'the endpoint asks for the classic builder, which sends everything in one stream to the chosen host; BuildKit is used where the client insists on it.',
      async run(bench) {
        const image = bench.name('image');
        const out = await bench.run(['build', '-t', image, bench.context('default', ['CMD echo default'])]);
        expect(out).toContain('Step 1/3');
        expect(await bench.run(['run', '--rm', image])).toBe('default');
      },
    },
    {
      command: 'DOCKER_BUILDKIT=1 docker build',
      to: 22,
      async run(bench) {
        const image = bench.name('image');
        const context = bench.context('kit', ['COPY file /file', 'RUN cat /file > /made', 'CMD cat /made']);
        bench.file('kit/file', 'by buildkit\n');
        const { code, stderr } = await bench.try(['build', '-t', image, context], {
          env: { DOCKER_BUILDKIT: '1' },
        });
        expect([code, stderr]).toEqual([0, expect.stringContaining('exporting to image')]);
        expect(await bench.run(['run', '--rm', image])).toBe('by buildkit');
      },
    },
    {
      command: 'docker build --build-arg constraint:node==NODE',
      differs:
        'an expression of classic Swarm chooses the host of the build, and is taken out of the arguments.',
      async run(bench) {
        const image = bench.name('image');
        const context = bench.context('chosen', [`RUN echo ${bench.tag} > /x`]);
        await bench.run(['build', '--build-arg', 'constraint:node==h2', '-t', image, context], CLASSIC);
        expect(await hostsWith(bench, image)).toEqual(['h2']);
        const name = bench.name('container');
        await bench.run(['create', '--name', name, image, 'true']);
        expect(await bench.inspect(name, '{{.Node.Name}}')).toBe('h2');
      },
    },
    {
      command: 'docker build (a step fails)',
      async run(bench) {
        const context = bench.context('broken', ['RUN exit 5']);
        const { code, stderr } = await bench.try(['build', '--no-cache', context], CLASSIC);
        expect([code, stderr]).toEqual([5, expect.stringContaining('returned a non-zero code: 5')]);
      },
    },
    {
      command: 'docker build -',
      async run(bench) {
        const input = `FROM busybox\nLABEL conformance=${bench.tag}\n`;
        const id = await bench.run(['build', '-q', '-'], { ...CLASSIC, input });
        expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
        await bench.run(['rmi', id]);
      },
    },
    {
      command: 'docker tag',
      async run(bench) {
        const image = bench.name('image');
        await bench.run(['tag', 'busybox', `${image}:2`]);
        expect(await bench.inspect(`${image}:2`, '{{.RepoTags}}')).toContain(`${image}:2`);
        expect((await bench.try(['tag', 'no-such', image])).stderr).toMatch(/No such image/);
        await bench.run(['rmi', `${image}:2`]);
      },
    },
    {
      command: 'docker rmi',
      async run(bench) {
        const image = bench.name('image');
        await bench.run(['tag', 'busybox', image]);
        expect(await bench.run(['rmi', image])).toBe(`Untagged: ${image}:latest`);
        expect(await hostsWith(bench, image)).toEqual([]);
        expect((await bench.try(['rmi', image])).stderr).toMatch(/No such image/);
      },
    },
    {
      command: 'docker images',
      async run(bench) {
        const image = bench.name('image');
        await bench.run(['tag', 'busybox', `${image}:7`]);
        const list = (...args: string[]) =>
          bench.run(['images', '--format', '{{.Repository}}:{{.Tag}}', ...args]);
        // One line, though three hosts have it.
        expect(await list(image)).toBe(`${image}:7`);
        expect(await list('--filter', `reference=${image}:*`)).toBe(`${image}:7`);
        const id = await bench.inspect('busybox', '{{.Id}}');
        expect(await bench.run(['images', '-q', '--no-trunc', `${image}:7`])).toBe(id);
        expect(await list('--filter', 'dangling=true', image)).toBe('');
        await bench.run(['rmi', `${image}:7`]);
      },
    },
    {
      command: 'docker image inspect',
      async run(bench) {
        const [seen] = JSON.parse(await bench.run(['image', 'inspect', 'busybox']));
        expect(seen).toMatchObject({ Os: 'linux', RepoTags: expect.arrayContaining(['busybox:latest']) });
        expect((await bench.try(['image', 'inspect', 'no-such'])).stderr).toMatch(/No such image/);
      },
    },
    {
      command: 'docker history',
      async run(bench) {
        const format = ['--no-trunc', '--format', '{{.ID}}'];
        expect(await bench.run(['history', ...format, 'busybox'])).toBe(
          await bench.inspect('busybox', '{{.Id}}'),
        );
      },
    },
    {
      command: 'docker save',
      async run(bench) {
        const file = join(bench.folder, 'saved.tar');
        await bench.run(['save', '-o', file, 'busybox']);
        expect(statSync(file).size).toBeGreaterThan(1_000_000);
        expect(await program(['tar', 'tf', file])).toMatch(/^manifest.json$/m);
      },
    },
    {
      command: 'docker load',
      differs: 'loads on all hosts, or those that the setting `imageHosts` names.',
      async run(bench) {
        const image = bench.name('image');
        await bench.run(['tag', 'busybox', image]);
        const file = join(bench.folder, 'load.tar');
        await bench.run(['save', '-o', file, image]);
        await bench.run(['rmi', image]);
        expect(await bench.run(['load', '-i', file])).toContain(`Loaded image: ${image}:latest`);
        expect(await hostsWith(bench, image)).toEqual(['h1', 'h2', 'h3']);
        const junk = bench.file('junk.tar', 'no archive');
        expect((await bench.try(['load', '-i', junk])).code).toBe(1);
      },
    },
    {
      command: 'docker import',
      differs: 'the image is made on one host and copied to the others, so that all have the same.',
      async run(bench) {
        const image = bench.name('image');
        const folder = join(bench.file('root/word', 'imported\n'), '..');
        const archive = join(bench.folder, 'root.tar');
        await program(['tar', 'cf', archive, '-C', folder, 'word']);
        const out = await bench.run(['import', '-c', 'CMD ["/word"]', archive, image]);
        expect(out).toMatch(/sha256:[0-9a-f]{64}$/);
        expect(await bench.inspect(image, '{{.Config.Cmd}}')).toBe('[/word]');
        expect(await hostsWith(bench, image)).toEqual(['h1', 'h2', 'h3']);
      },
    },
    {
      command: 'docker image prune',
      async run(bench) {
        const image = bench.name('image');
        const label = `pruned=${bench.tag}`;
        const context = bench.context('pruned', [`LABEL ${label}`]);
        await bench.run(['build', '-t', image, context], CLASSIC);
        const out = await bench.run(['image', 'prune', '-af', '--filter', `label=${label}`]);
        expect(out).toContain(`untagged: ${image}:latest`);
        expect((await bench.try(['image', 'inspect', image])).code).toBe(1);
      },
    },
    {
      command: 'docker builder prune',
      async run(bench) {
        expect(await bench.run(['builder', 'prune', '-f'])).toMatch(/^Total( reclaimed space)?:\s*\S+/m);
      },
    },
    {
      command: 'docker search',
      async run(bench) {
        const out = await bench.run([
          'search',
          '--format',
          '{{.Name}} {{.StarCount}}',
          `${bench.registry.index}/word`,
        ]);
        expect(out).toContain('berth-word 3');
      },
    },
    {
      command: 'docker login, docker logout',
      async run(bench) {
        const login = (password: string) =>
          bench.try(['login', '-u', 'ann', '--password-stdin', bench.registry.index], { input: password });
        const wrong = await login('wrong');
        expect(wrong.code).toBe(1);
        expect(wrong.stderr).toMatch(/unauthorized|wrong user or password/i);
        expect((await login('right')).stdout).toContain('Login Succeeded');
        expect(await bench.run(['logout', bench.registry.index])).toMatch(/Removing login credentials/);
      },
    },
    {
      command: 'docker manifest inspect',
      async run(bench) {
        const image = await pushed(bench);
        const out = JSON.parse(await bench.run(['manifest', 'inspect', '--insecure', image]));
        expect(out).toMatchObject({ schemaVersion: 2 });
        expect(existsSync(join(bench.folder, 'config'))).toBe(true);
      },
    },
  ],
};
