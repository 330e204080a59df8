import { describe, expect, it } from 'vitest';
import { type Command, type Plan, plan } from './plan.ts';
import type { FoundCertificate, FoundTables, WantedServer, WantedTables } from './tables.ts';

const LIST = '/r/certificates.list';
const MAP = '/r/routes.map';
const server = (weight: number, more: Partial<WantedServer> = {}): WantedServer => ({
  ...{ weight, out: false, address: '10.0.0.1:80', options: [], ...more },
});

function wanted(servers: Record<string, WantedServer>, more: Partial<WantedTables> = {}): WantedTables {
  return {
    backends: new Map([['http:x', { servers: new Map(Object.entries(servers)), sticky: false }]]),
    maps: new Map([[MAP, new Map([['x.com/', 'http:x']])]]),
    ...{ certificates: new Map(), certificateList: LIST, cookieKey: 'abc', ...more },
  };
}

function found(
  servers: Record<string, { weight: number; out: boolean }>,
  more: Partial<FoundTables> = {},
): FoundTables {
  return {
    backends: new Map([['http:x', new Map(Object.entries(servers))]]),
    maps: new Map([[MAP, new Map([['x.com/', 'http:x']])]]),
    ...{ certificates: new Map(), ...more },
  };
}

function linesOf(has: FoundTables, wants: WantedTables): readonly string[] {
  const made = plan(has, wants);
  return made.kind === 'reload' ? [made.because] : commandsOf(made).map(({ line }) => line);
}

function commandsOf(made: Plan): readonly Command[] {
  return made.kind === 'reload' ? [] : [...made.enter, ...made.entries, ...made.leave];
}

describe('a plan', () => {
  it('is empty where there is nothing to do', () => {
    expect(linesOf(found({ a: { weight: 3, out: false } }), wanted({ a: server(3) }))).toEqual([]);
  });

  it('takes in before it takes out, and raises weights before it lowers others', () => {
    const has = found({
      a: { weight: 10, out: false },
      b: { weight: 10, out: false },
      c: { weight: 10, out: false },
      d: { weight: 1, out: true },
    });
    const made = plan(
      has,
      wanted({ a: server(5), b: server(20), d: server(1), e: server(7, { options: ['proto', 'h2'] }) }),
    );
    expect(made).toMatchObject({ kind: 'commands', leaving: ['http:x/c'] });
    expect(commandsOf(made).map(({ line }) => line)).toEqual([
      'set server http:x/b weight 20',
      'set server http:x/d state ready',
      'add server http:x/e 10.0.0.1:80 proto h2 weight 7',
      'enable server http:x/e',
      'set server http:x/a weight 5',
      'set server http:x/c state maint',
    ]);
  });

  it('still watches a server that is out already', () => {
    const made = plan(found({ a: { weight: 1, out: true } }), wanted({}));
    expect(made).toMatchObject({
      kind: 'commands',
      enter: [],
      entries: [],
      leave: [],
      leaving: ['http:x/a'],
    });
  });

  it('gives a server that is added its cookie', () => {
    const backends = new Map([['http:x', { servers: new Map([['a', server(1)]]), sticky: true }]]);
    expect(linesOf(found({}), wanted({}, { backends }))).toEqual([
      'add server http:x/a 10.0.0.1:80 weight 1',
      'set dynamic-cookie-key backend http:x abc',
      'enable server http:x/a',
    ]);
  });

  it('changes entries of maps one by one, or a map as a whole', () => {
    const map = (...keys: string[]) => new Map([[MAP, new Map(keys.map((key) => [key, 'http:x']))]]);
    expect(linesOf(found({}, { maps: map('a/', 'b/') }), wanted({}, { maps: map('b/', 'c/') }))).toEqual([
      `add map ${MAP} c/ http:x`,
      `del map ${MAP} a/`,
    ]);
    const other = new Map([[MAP, new Map([['a/', 'http:y']])]]);
    expect(linesOf(found({}, { maps: map('a/') }), wanted({}, { maps: other }))).toEqual([
      `set map ${MAP} a/ http:y`,
    ]);
    const many = map(...Array.from({ length: 300 }, (_, i) => `${i}/`));
    const made = plan(found({}, { maps: map('a/') }), wanted({}, { maps: many }));
    expect(commandsOf(made)).toEqual([]);
    expect(made.kind === 'commands' && made.replace.get(MAP)?.size).toBe(300);
  });

  it('has certificates before routes, and takes them away last', () => {
    const certificates = new Map([['/r/new.pem', { pem: 'PEM', sha1: 'AA', chain: 1 }]]);
    const has = found(
      { gone: { weight: 1, out: false } },
      {
        certificates: new Map([['/r/old.pem', { sha1: 'BB', chain: 1, listed: true }]]),
      },
    );
    expect(linesOf(has, wanted({}, { certificates }))).toEqual([
      'new ssl cert /r/new.pem',
      'set ssl cert /r/new.pem',
      'commit ssl cert /r/new.pem',
      `add ssl crt-list ${LIST} /r/new.pem`,
      'set server http:x/gone state maint',
      `del ssl crt-list ${LIST} /r/old.pem`,
      'del ssl cert /r/old.pem',
    ]);
    const linesFrom = (before: Partial<FoundCertificate>) => {
      const known = new Map([['/r/new.pem', { sha1: 'AA', chain: 1, listed: true, ...before }]]);
      return linesOf(found({}, { certificates: known }), wanted({}, { certificates }));
    };
    expect(linesFrom({})).toEqual([]);
    expect(linesFrom({ pem: 'PEM' })).toEqual([]);
    // Another one; the same one, with more or others behind it.
    for (const before of [{ sha1: 'BB' }, { chain: 0 }, { pem: 'OTHER' }])
      expect(linesFrom(before)).toEqual(['set ssl cert /r/new.pem', 'commit ssl cert /r/new.pem']);
    // Broken off behind `new ssl cert`.
    expect(linesFrom({ sha1: '', chain: 0, listed: false })).toHaveLength(3);
  });

  it('is a reload where that is over sooner', () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`s${i}`, server(1)]));
    expect(plan(found({}), wanted(many))).toEqual({
      kind: 'reload',
      because: '6000 changes at once are more than 5000',
    });
  });
});
