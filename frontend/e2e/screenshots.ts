/** Takes the README's pictures of drawn films; `make screenshots`. */
import { inject, test } from 'vitest';
import { choose, open, withBrowser } from './browser';
import { ROOT } from './service';

withBrowser();
const films = inject('films');
const path = (name: string) => `${ROOT}docs/screenshots/${name}.png`;

test('answer-dark', async () => {
  const page = await open();
  await choose(page, films.opacity, films.clear);
  await page.screenshot({ path: path('answer-dark') });
});

test('cells-light', async () => {
  const page = await open({ colorScheme: 'light' });
  await page.getByRole('button', { name: /^Theme/ }).click();
  await choose(page, films.opacity, films.clear);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.screenshot({ path: path('cells-light') });
});

test('phone', async () => {
  const page = await open({ viewport: { width: 390, height: 844 } });
  await choose(page, films.opacity);
  await page.screenshot({ path: path('phone') });
});
