import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { answersSay, INVERTED, ROTATED, UNUSUAL } from './answers';
import { choose, open, paneOf, settled, withBrowser } from './browser';

withBrowser();
const films = inject('films');

test('a negative is read inverted, exactly, and comes back as it was', async () => {
  const page = await open();
  await answersSay(page, INVERTED, {});
  await choose(page, films.opacity);
  const before = await shown(page);
  await page.getByRole('button', { name: 'Invert and read again' }).click();
  await page.getByText('The film was inverted before it was read.').waitFor();
  await settled(page);
  const after = await shown(page);
  expect([after.width, after.height]).toEqual([before.width, before.height]);
  expect(after.levels).toEqual(before.levels.map((level) => 255 - level));

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Invert and read again' }).waitFor();
  expect(await shown(page)).toEqual(before);
});

test('a film that lies on its side is turned counter-clockwise, exactly, and sent as it is shown', async () => {
  const page = await open();
  await page.evaluate(() => {
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (body) {
      if (body instanceof FormData) Object.assign(window, { sent: body.get('file') });
      send.call(this, body);
    };
  });
  await answersSay(page, ROTATED, {});
  await choose(page, films.clear);
  const before = await shown(page);
  await page.getByRole('button', { name: 'Turn left and read again' }).click();
  await page.getByText('turned left by 90°').waitFor();
  await settled(page);
  const after = await shown(page);
  const { width, height } = before;
  expect([after.width, after.height]).toEqual([height, width]);
  const turned = before.levels.map((_, at) => {
    const [x, y] = [at % height, Math.floor(at / height)];
    return before.levels[x * width + (width - 1 - y)];
  });
  expect(after.levels).toEqual(turned);
  const sent = await page.evaluate(async () => {
    const bytes = await (Reflect.get(window, 'sent') as File).arrayBuffer();
    const seen = await (
      await fetch(document.querySelector('img[alt]:not([alt=""])')?.getAttribute('src') ?? '')
    ).arrayBuffer();
    return [[...new Uint8Array(bytes)].join(), [...new Uint8Array(seen)].join()];
  });
  expect(sent[0]).toBe(sent[1]);
});

test('what is no chest radiograph to the service is analysed only at its reader’s wish, and says so', async () => {
  const page = await open();
  await answersSay(page, 'refused', UNUSUAL);
  await choose(page, films.opacity);
  await page.locator('[data-step=failed]').getByText('does not look like a chest radiograph').waitFor();
  expect(await page.locator('[data-risk]').count()).toBe(0);
  await page.getByRole('button', { name: 'Analyse anyway' }).click();
  await page.locator('[data-step=done]').waitFor();
  const answer = page.getByRole('region', { name: 'Answer' });
  expect(await answer.locator(':is(p, h2)').first().textContent()).toMatch(/do not rely on the answer/);
});

/** Return the size and the grey levels of the film that is shown. */
function shown(page: Page): Promise<{ width: number; height: number; levels: number[] }> {
  return paneOf(page)
    .locator('img')
    .evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      const { naturalWidth: width, naturalHeight: height } = image;
      const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
      if (!context) throw new Error('no canvas');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      return { width, height, levels: Array.from({ length: width * height }, (_, at) => data[4 * at] ?? 0) };
    });
}
