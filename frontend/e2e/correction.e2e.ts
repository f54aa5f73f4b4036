import type { JSHandle, Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { answersSay, INVERTED, ROTATED, serviceSays, UNUSUAL } from './answers';
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
  expectSame(after, { ...before, levels: before.levels.map((level) => 255 - level) });

  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Invert and read again' }).waitFor();
  expectSame(await shown(page), before);
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
  await turnLeft(page);
  expectSame(await shown(page), turned(before));
  const sent = await page.evaluateHandle(() => createImageBitmap(Reflect.get(window, 'sent')));
  expectSame(await pictureOf(page, sent), await shown(page));
});

test('a film of sixteen bits is turned by the service, and its map lies over the turned picture', async () => {
  const page = await open();
  await answersSay(page, ROTATED, 'real');
  await choose(page, films.sixteen);
  const before = await shown(page);
  const asking = page.waitForRequest(/\/predict/);
  await turnLeft(page);
  expect((await asking).postData()).toMatch(/name="correction"\s+rotate_90\s/);
  expectSame(await shown(page), turned(before));

  const said = await serviceSays(films.opacity); // the same film, upright
  await page.keyboard.press('g');
  const heat = page.getByTestId('heat');
  await expect.poll(() => cellsOf(page)).toEqual(await cellsOf(page, said.heatmap_image ?? ''));
  expect(await heat.boundingBox()).toEqual(await paneOf(page).locator('img').boundingBox());
});

test('what is no chest radiograph to the service is analysed only at its reader’s wish, and says so', async () => {
  const page = await open();
  await answersSay(page, 'refused', UNUSUAL);
  await choose(page, films.opacity);
  await page.locator('[data-step=failed]').getByText('does not look like a chest radiograph').waitFor();
  expect(await page.locator('[data-risk]').count()).toBe(0);
  await page.getByRole('button', { name: 'Analyse anyway' }).click();
  await page.locator('[data-step=done]').waitFor();
  const lines = page.getByRole('region', { name: 'Answer: opacity.png' }).locator(':is(p, h2)');
  expect(await lines.nth(0).textContent()).toBe('opacity.png');
  expect(await lines.nth(1).textContent()).toMatch(/do not rely on the answer/);
});

interface Picture {
  width: number;
  height: number;
  levels: Uint8Array;
}

function expectSame(one: Picture, other: Picture): void {
  expect([one.width, one.height]).toEqual([other.width, other.height]);
  expect(Buffer.compare(one.levels, other.levels)).toBe(0); // toEqual takes seconds for as many
}

/** Take the offer to turn a film, and wait until it was read again. */
async function turnLeft(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Turn left and read again' }).click();
  await page.getByText('turned left by 90°').waitFor();
  await settled(page);
}

/** Return a picture turned counter-clockwise by a quarter. */
function turned({ width, height, levels }: Picture): Picture {
  const moved = new Uint8Array(levels.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) moved[(width - 1 - x) * height + y] = levels[y * width + x] ?? 0;
  return { width: height, height: width, levels: moved };
}

/** Return the values of a map's cells, in 0..255: of a given one, or of the one that lies over the film. */
function cellsOf(page: Page, given?: string): Promise<number[][]> {
  return page.evaluate(async (uri) => {
    const picture = uri ? new Image() : document.querySelector<HTMLCanvasElement>('[data-testid=heat]');
    if (picture instanceof Image) await Object.assign(picture, { src: uri }).decode();
    const context = document.createElement('canvas').getContext('2d');
    if (!picture || !context) throw new Error('no map');
    context.drawImage(picture, 0, 0);
    const { width, height } = picture;
    const { data } = context.getImageData(0, 0, width, height);
    // The page's own map has its values in its opacity.
    const at = (x: number, y: number) => data[4 * (y * width + x) + (uri ? 0 : 3)] ?? 0;
    return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => at(x, y)));
  }, given);
}

/** Return the size and the grey levels of the film that is shown. */
async function shown(page: Page): Promise<Picture> {
  const film = await paneOf(page)
    .locator('img')
    .evaluateHandle(async (image: HTMLImageElement) => {
      await image.decode();
      return createImageBitmap(image);
    });
  return pictureOf(page, film);
}

/** Return the size and the grey levels of a picture in the page. */
async function pictureOf(page: Page, picture: JSHandle<ImageBitmap>): Promise<Picture> {
  const { width, height, letters } = await page.evaluate(async (bitmap) => {
    const { width, height } = bitmap;
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    if (!context) throw new Error('no canvas');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const rows = Array.from({ length: height }, (_, y) =>
      String.fromCharCode(...Uint8Array.from({ length: width }, (_, x) => data[4 * (y * width + x)] ?? 0)),
    );
    return { width, height, letters: btoa(rows.join('')) };
  }, picture);
  return { width, height, levels: Buffer.from(letters, 'base64') };
}
