import { describe, expect, it } from 'vitest';
import { LANGUAGES } from '@/lib/languages';
import en from './en.json';

/** What may be written as in English: names, and forms without words. */
const SAME = {
  es: ['answer.network', 'finding.NORMAL', 'news.done'],
  fr: ['answer.network', 'finding.NORMAL', 'news.done'],
  hi: ['answer.network'],
  zh: [],
} as const satisfies Record<Exclude<keyof typeof LANGUAGES, 'en'>, readonly string[]>;

type Language = keyof typeof SAME;

const LANGUAGES_BESIDE_ENGLISH = Object.keys(SAME) as Language[];
const FORM = /_(zero|one|two|few|many|other)$/;

const catalogues = Object.fromEntries(
  Object.entries(import.meta.glob<object>('./*.json', { eager: true, import: 'default' })).map(
    ([path, catalogue]) => [path.replace(/^\.\/|\.json$/g, ''), flat(catalogue)],
  ),
);
const english = flat(en);

const textsOf = (language: string) => catalogues[language] ?? {};
const placeholders = (text: string) => (text.match(/\{\{.*?\}\}/g) ?? []).sort();

it('there is a catalogue for each language of the page, and no other', () => {
  expect(Object.keys(catalogues).sort()).toEqual(Object.keys(LANGUAGES).sort());
});

describe.each(Object.keys(LANGUAGES))('the catalogue of %s', (language) => {
  const texts = textsOf(language);

  it('has every text, and each plural in the forms of its language', () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const expected = Object.keys(english).flatMap((key) => {
      if (!FORM.test(key)) return [key];
      return forms.map((form) => key.replace(FORM, `_${form}`));
    });
    expect(Object.keys(texts).sort()).toEqual([...new Set(expected)].sort());
  });

  it('fills in the same values as English', () => {
    for (const [key, text] of Object.entries(texts)) {
      const model = english[key] ?? english[key.replace(FORM, '_other')] ?? '';
      expect([key, placeholders(text)]).toEqual([key, placeholders(model)]);
    }
  });

  it('has no empty text, and none with spaces around it', () => {
    const ragged = Object.entries(texts).filter(([, text]) => text === '' || text !== text.trim());
    expect(ragged).toEqual([]);
  });

  it('says something else of every error', () => {
    const errors = Object.entries(texts).filter(([key]) => /^(error|refusal|service)\./.test(key));
    expect(errors.length).toBeGreaterThan(20);
    expect(new Set(errors.map(([, text]) => text)).size).toBe(errors.length);
  });

  it('names the ages that the networks were taught on in its disclaimer', () => {
    expect(texts.disclaimer).toMatch(/(?<!\d)1(?!\d).*(?<!\d)5(?!\d)/);
  });
});

describe.each(LANGUAGES_BESIDE_ENGLISH)('the catalogue of %s', (language) => {
  it('is translated, but for what is the same in both languages', () => {
    const allowed: readonly string[] = SAME[language];
    const same = Object.entries(textsOf(language)).filter(([key, text]) => english[key] === text);
    expect(same.filter(([key]) => !allowed.includes(key))).toEqual([]);
  });
});

it.each([
  ['en', /invert|negative/],
  ['es', /invert|negativ/],
  ['fr', /inver[st]|négatif/],
  ['hi', /इनवर्ट|उलट|नेगेटिव/],
  ['zh', /反相|负像/],
])('the catalogue of %s does not call a mirrored film what it calls a negative', (language, negative) => {
  const texts = textsOf(language);
  expect(`${texts['warning.inverted']} ${texts['viewer.invert']}`).toMatch(negative);
  expect(texts['where.caveat']).not.toMatch(negative);
});

it('the catalogue of hi has one word for a lesion', () => {
  for (const key of ['help.limits', 'where.caveat']) expect(textsOf('hi')[key]).toContain('लीज़न');
});

/** Return a catalogue's texts by their dotted keys. */
function flat(catalogue: object, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(catalogue).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value]] : Object.entries(flat(value, `${prefix}${key}.`)),
    ),
  );
}
