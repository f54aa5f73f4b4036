import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const sources = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>(['./**/*.{ts,tsx}', '!./**/*.test.{ts,tsx}', '!./testing/**'], {
      eager: true,
      query: '?raw',
      import: 'default',
    }),
  ).map(([path, source]) => [path.replace('./', ''), source]),
);

interface Import {
  from: string;
  /** A path below src/, or a package. */
  what: string;
}

const imports = Object.entries(sources).flatMap(([from, source]) => importsOf(from, source));
const roomOf = (path: string) => /^(features\/[^/]+|components\/ui|[^/]+)\//.exec(path)?.[1] ?? '';
const isFeature = (path: string) => path.startsWith('features/');
const told = (found: Import[]) => found.map(({ from, what }) => `${from} imports ${what}`);

describe('imports', () => {
  it('are all found', () => {
    expect(imports).toContainEqual({ from: 'app/app.tsx', what: 'features/worklist/store' });
    expect(imports).toContainEqual({ from: 'lib/api-client.ts', what: 'axios' });
    expect(imports).toContainEqual({ from: 'features/viewer/pane.tsx', what: 'features/viewer/view' });
    expect(imports).toContainEqual({
      from: 'features/report/report-buttons.tsx',
      what: 'features/report/write-report',
    });
  });

  it('never lead from one feature to another: the app joins them', () => {
    const across = imports.filter(
      ({ from, what }) => isFeature(from) && isFeature(what) && roomOf(from) !== roomOf(what),
    );
    expect(told(across)).toEqual([]);
  });

  it('never lead from a feature to the app', () => {
    expect(told(imports.filter(({ from, what }) => isFeature(from) && roomOf(what) === 'app'))).toEqual([]);
  });

  it.each(['components/ui', 'lib', 'config', 'locales'])(
    'never lead from %s to a feature or the app',
    (room) => {
      const out = imports.filter(
        ({ from, what }) => roomOf(from) === room && (isFeature(what) || roomOf(what) === 'app'),
      );
      expect(told(out)).toEqual([]);
    },
  );

  it('of axios are in lib alone', () => {
    const speaking = imports.filter(({ what }) => what === 'axios').map(({ from }) => roomOf(from));
    expect(new Set(speaking)).toEqual(new Set(['lib']));
  });

  it('of tests’ own helpers are in no product code', () => {
    expect(told(imports.filter(({ what }) => roomOf(what) === 'testing' || what === 'vitest'))).toEqual([]);
  });
});

it('the build’s environment is read in one place', () => {
  const readers = Object.entries(sources).filter(([, source]) => source.includes('import.meta.env'));
  expect(readers.map(([path]) => path)).toEqual(['config/env.ts']);
});

it('nothing but preferences is kept in the browser', () => {
  const keepers = Object.entries(sources).filter(([, source]) =>
    /\b(localStorage|sessionStorage|indexedDB|document\.cookie|caches)\b|zustand\/middleware/.test(source),
  );
  expect(keepers.map(([path]) => path).sort()).toEqual(['app/i18n.ts', 'features/preferences/store.ts']);
});

function importsOf(from: string, source: string): Import[] {
  const names = [...source.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)['"]([^'"]+)['"]/g)];
  return names.map(([, name = '']) => {
    const what = name.startsWith('.') ? posix.join(posix.dirname(from), name) : name.replace(/^@\//, '');
    return { from, what };
  });
}
