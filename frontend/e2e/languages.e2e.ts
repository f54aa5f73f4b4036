import { expect, inject, test } from 'vitest';
import { choose, open, withBrowser } from './browser';

withBrowser();

test('the reader’s own language is met, another can be chosen, and it is remembered', async () => {
  const page = await open({ locale: 'es-MX' });
  expect(await page.locator('html').getAttribute('lang')).toMatch(/^es/);
  await page.getByRole('combobox').selectOption('fr');
  await page.getByText('Déposez').waitFor();
  await page.reload();
  await page.getByText('Déposez').waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('fr');
});

test.each(['es', 'fr', 'hi', 'zh'])('an answer in %s speaks that language alone', async (locale) => {
  const page = await open({ locale });
  await choose(page, inject('films').opacity);
  const words = await page.locator('#root').textContent();
  for (const english of [
    'pneumonia',
    'Confidence',
    'networks',
    'Probabilities',
    'Brightness',
    'Not a medical',
  ]) {
    expect(words).not.toContain(english);
  }
});

test('nothing about a film is left in the browser', async () => {
  const page = await open();
  await choose(page, inject('films').opacity);
  const kept = await page.evaluate(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    cached: await Promise.all(
      (await caches.keys()).map(async (name) =>
        (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname),
      ),
    ),
    cookies: document.cookie,
  }));
  expect(kept.local.filter((key) => !['pneumonet.language', 'pneumonet.preferences'].includes(key))).toEqual(
    [],
  );
  expect([kept.session, kept.databases, kept.cookies]).toEqual([[], [], '']);
  expect(kept.cached.flat().filter((path) => /predict|health|api|blob/.test(path))).toEqual([]);
});
