import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { serviceSays } from './answers';
import { choose, meanGrey, open, painted, paneOf, settled, withBrowser } from './browser';

withBrowser();
const films = inject('films');

test('a dropped film is answered as the API answers it', async () => {
  const page = await open();
  const data = readFileSync(films.opacity);
  const transfer = await page.evaluateHandle((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const held = new DataTransfer();
    held.items.add(new File([bytes], 'jane-doe.png', { type: 'image/png' }));
    return held;
  }, data.toString('base64'));
  await page.getByText('Drop films here').dispatchEvent('drop', { dataTransfer: transfer });
  await settled(page);

  const answer = await serviceSays(films.opacity);
  await page.getByRole('region', { name: 'Answer: jane-doe.png' }).getByText(answer.confidence).waitFor();
  expect(await page.locator('main [data-risk]').first().getAttribute('data-risk')).toBe(answer.risk_code);
  const bars = await page.getByRole('region', { name: 'Reasons' }).locator('dd').allTextContents();
  for (const share of Object.values<number>(answer.probabilities)) {
    expect(bars).toContain(`${(share * 100).toFixed(1)}%`);
  }
  for (const { name } of answer.models) await page.getByText(name).waitFor();
  await page.getByText('children aged 1 to 5 years from one hospital').waitFor();
});

test('the file’s own name stays in the browser', async () => {
  const page = await open();
  await page.evaluate(() => {
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (body) {
      const fields = body instanceof FormData ? [...body] : [];
      const sent = fields.map(([name, value]) => [name, value instanceof File ? value.name : value]);
      if (sent.length > 0) Object.assign(window, { sent });
      send.call(this, body);
    };
  });
  await choose(page, films.clear);
  expect(await page.evaluate('sent')).toEqual([
    ['cam', 'map'],
    ['file', 'film'],
  ]);
});

test('the opacity slider is in view at 1280 px and changes the pixels', async () => {
  const page = await open();
  await choose(page, films.opacity);
  const slider = page.getByRole('slider', { name: 'Map opacity' });
  const box = await slider.boundingBox();
  expect(box && box.y + box.height).toBeLessThan(720);

  await page.getByTestId('heat').waitFor();
  await painted(paneOf(page));
  const before = await paneOf(page).screenshot();
  await slider.focus();
  await page.keyboard.press('End');
  expect((await paneOf(page).screenshot()).equals(before)).toBe(false);
  await page.keyboard.press('Home');
  const clear = await middleOf(page);
  await page.keyboard.press('h');
  await page.getByRole('button', { name: 'Map', exact: true, pressed: false }).waitFor();
  expect((await middleOf(page)).equals(clear)).toBe(true);
});

test('the film is shown whole and undistorted, and zooms and moves', async () => {
  const page = await open();
  await choose(page, films.clear);
  const film = paneOf(page).locator('img');
  const [pane, whole] = [await paneOf(page).boundingBox(), await film.boundingBox()];
  if (!pane || !whole) throw new Error('nothing is shown');
  expect(whole.width / whole.height).toBeCloseTo(700 / 900, 2);
  expect(whole.width).toBeLessThanOrEqual(pane.width + 0.5);
  expect(whole.height).toBeLessThanOrEqual(pane.height + 0.5);

  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect.poll(async () => (await film.boundingBox())?.width).toBeCloseTo(whole.width * 1.25, 0);
  await page.mouse.move(pane.x + pane.width / 2, pane.y + pane.height / 2);
  await page.mouse.wheel(0, -600);
  // The browser says that it has heard of the wheel and of the pointer before the page has drawn what they did.
  const zoomed = whole.width * 1.25 * Math.exp(600 * 0.0015);
  await expect.poll(async () => (await film.boundingBox())?.width).toBeCloseTo(zoomed, 0);
  await page.mouse.down();
  const held = await film.boundingBox();
  await page.mouse.move(pane.x + pane.width / 2, pane.y + pane.height / 2 + 30);
  await page.mouse.up();
  await expect.poll(async () => (await film.boundingBox())?.y).toBeCloseTo((held?.y ?? 0) + 30, 0);
});

test('invert and window change the film’s grey levels as they say', async () => {
  const page = await open();
  await choose(page, films.clear);
  await page.keyboard.press('h');
  const plain = await meanGrey(page);
  await page.getByRole('button', { name: 'Invert' }).click();
  expect(await meanGrey(page)).toBeCloseTo(1 - plain, 1);
  await page.getByRole('button', { name: 'Reset' }).click();
  await page.getByRole('slider', { name: 'Brightness' }).focus();
  for (let step = 0; step < 30; step++) await page.keyboard.press('ArrowRight');
  // Brightness of 30% moves every level up by 0.15, short of clipping.
  const brighter = await meanGrey(page);
  expect(brighter).toBeGreaterThan(plain + 0.1);
  expect(brighter).toBeLessThan(plain + 0.16);
});

test('twenty films go through, two at a time, and stand in the order of their risk', async () => {
  const page = await open();
  const paths = Array.from({ length: 20 }, (_, index) => (index % 2 ? films.clear : films.opacity));
  await choose(page, ...paths);
  expect(await page.locator('[data-step=done]').count()).toBe(20);
  expect(await mostAtOnce(page)).toBe(2);
  const order = ['high', 'indeterminate', 'medium', 'none'];
  const ranks = (
    await page
      .locator('nav [data-risk]')
      .evaluateAll((badges) => badges.map((badge) => badge.getAttribute('data-risk') ?? ''))
  ).map((code) => order.indexOf(code));
  expect(ranks).toEqual([...ranks].sort());
});

test('what is no film is refused at once, and what the service refuses is said', async () => {
  const page = await open();
  const sent: string[] = [];
  page.on('request', (request) => request.url().includes('predict') && sent.push(request.url()));
  const png = readFileSync(films.clear);
  await page.locator('input[type=file]').setInputFiles([
    { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a film') },
    { name: 'half.png', mimeType: 'image/png', buffer: png.subarray(0, png.length / 2) },
  ]);
  await page.getByText('neither a JPEG nor a PNG').first().waitFor();
  await page.getByText('damaged or cut short').first().waitFor();
  expect(sent).toHaveLength(1);
  const list = page.getByRole('navigation').locator('ul');
  expect(await list.evaluate((it) => it.scrollWidth - it.clientWidth)).toBeLessThanOrEqual(0);
});

test('a film over the limit is shrunk on request, and its smaller copy answered', async () => {
  const page = await open();
  const png = readFileSync(films.clear);
  const heavy = Buffer.concat([png, Buffer.alloc(11 * 2 ** 20)]); // what follows the picture's end is ignored
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'heavy.png', mimeType: 'image/png', buffer: heavy });
  await page.getByText('larger than 10 MB').first().waitFor();
  await page.getByRole('button', { name: 'Shrink and send' }).click();
  await page.getByText('A smaller copy was sent').waitFor();
  await page.locator('[data-step=done]').waitFor();
});

test('answers are not lost by one press, nor with the page unasked', async () => {
  const page = await open();
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await choose(page, films.opacity, films.clear);
  await page.getByRole('button', { name: 'Remove all films' }).click();
  expect(await page.locator('[data-step=done]').count()).toBe(2);
  await page.reload();
  expect(asked).toEqual(['beforeunload']);

  await choose(page, films.opacity, films.clear);
  await page.getByRole('button', { name: 'Remove all films' }).click();
  await page.getByRole('button', { name: /^Yes, remove/ }).click();
  await page.getByText('Drop films here').waitFor();
  await page.reload();
  expect(asked).toEqual(['beforeunload']);
});

/** Return how many films were at the service at a time, by the browser's own clock. */
function mostAtOnce(page: Page): Promise<number> {
  return page.evaluate(() => {
    const spans = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/predict'));
    const at = (time: number) =>
      spans.filter(({ startTime, duration }) => startTime <= time && time < startTime + duration).length;
    return Math.max(...spans.map(({ startTime }) => at(startTime)));
  });
}

/** Return a picture of the film's middle, where nothing is written over it. */
async function middleOf(page: Page): Promise<Buffer> {
  const box = await paneOf(page).boundingBox();
  if (!box) throw new Error('nothing is shown');
  const clip = {
    x: box.x + box.width / 4,
    y: box.y + box.height / 4,
    width: box.width / 2,
    height: box.height / 2,
  };
  return page.screenshot({ clip });
}
