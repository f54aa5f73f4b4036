import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { MOST_BYTES } from '@/features/worklist/file-checks';
import { choose, open, settled, withBrowser } from './browser';

withBrowser();
const films = inject('films');
const PHONE = { viewport: { width: 390, height: 844 } };

test('on a phone the answer stands above the film', async () => {
  const page = await open(PHONE);
  await choose(page, films.opacity);
  const answer = await page.locator('h2').first().boundingBox();
  const film = await page.getByRole('group', { name: /arrow keys/ }).boundingBox();
  expect(answer?.y).toBeLessThan(film?.y ?? 0);
});

test('the keyboard alone takes a film to its answer and steers the viewer', async () => {
  const page = await open();
  const choosing = page.waitForEvent('filechooser');
  await tabTo(page, 'Choose films');
  await page.keyboard.press('Enter');
  await (await choosing).setFiles([films.opacity, films.clear]);
  await settled(page);
  await page.getByTestId('heat').waitFor();

  await tabTo(page, 'Side by side');
  await page.keyboard.press('Space');
  expect(await page.getByRole('group', { name: /arrow keys/ }).count()).toBe(2);
  await tabTo(page, 'Map opacity');
  await page.keyboard.press('ArrowLeft');
  await page.getByText('59%').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await tabTo(page, 'PDF report');
  const download = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  await download;
});

test('screen readers are told what becomes of a film', async () => {
  const page = await open();
  await choose(page, films.opacity);
  await expect.poll(() => page.getByTestId('news').textContent()).toMatch(/opacity\.png: .*\d%\./);
});

test('single keys can be turned off', async () => {
  const page = await open();
  await choose(page, films.opacity);
  await page.keyboard.press('?');
  await page.getByRole('tab', { name: 'Keys' }).click();
  await page.getByRole('switch').click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('h');
  await page.getByRole('button', { name: 'Map', exact: true, pressed: true }).waitFor();
});

test('where the system takes the colours, what is on and what is chosen can still be told', async () => {
  const page = await open({ forcedColors: 'active' });
  await choose(page, films.opacity, films.clear);
  const outline = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(await outline('[aria-pressed=true]')).toBe('solid');
  expect(await outline('[aria-pressed=false]')).toBe('none');
  expect(await outline('[data-step]:has([aria-current=true])')).toBe('solid');
  expect(await outline('[data-step]:has([aria-current=false])')).toBe('none');
  const scale = page.getByText('little').locator('xpath=..').locator('[aria-hidden]');
  expect(await scale.first().evaluate((element) => getComputedStyle(element).backgroundImage)).toContain(
    'gradient',
  );
});

test('the keyboard is never lost with what had it', async () => {
  const page = await open({ serviceWorkers: 'block' });
  await page.route(/\/api\/access$/, (route) =>
    route.fulfill({ json: { required: true, methods: ['key'], oidc: null } }),
  );
  await page.reload();
  const main = () => page.evaluate(() => document.activeElement?.tagName);
  await page.getByLabel('API key').fill('key-1');
  await page.keyboard.press('Enter');
  await expect.poll(main).toBe('MAIN');
  await choose(page, films.opacity, films.clear);
  await page.getByRole('button', { name: 'Remove opacity.png' }).press('Enter');
  await expect.poll(main).toBe('NAV');
  await page.getByRole('button', { name: 'Remove clear.png' }).press('Enter');
  await expect.poll(main).toBe('MAIN');

  const unreadable = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(MOST_BYTES)]);
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'large.jpg', mimeType: 'image/jpeg', buffer: unreadable });
  await page.getByRole('button', { name: 'Shrink and send' }).press('Enter');
  await page.getByText('This browser cannot shrink it.').waitFor();
  await expect.poll(main).toBe('MAIN');
  await page.getByRole('button', { name: 'Remove all films' }).press('Enter');
  await expect.poll(main).toBe('MAIN');
  await page.getByRole('button', { name: 'Sign out' }).press('Enter');
  await expect.poll(main).toBe('MAIN');
});

test.each([320, 390])('at %i px the picture’s label does not lie under the zoom buttons', async (width) => {
  const page = await open({ viewport: { width, height: 844 } });
  await choose(page, films.opacity);
  await page.getByRole('button', { name: 'Invert', exact: true }).click();
  const label = await page
    .getByRole('group', { name: /arrow keys/ })
    .locator('span')
    .boundingBox();
  const buttons = await page.getByRole('button', { name: 'Zoom out' }).boundingBox();
  if (!label || !buttons) throw new Error('nothing is shown');
  expect(label.height).toBeGreaterThan(30); // it has more than one line
  expect(label.x + label.width).toBeLessThan(buttons.x);
});

test('on a phone nothing that has the keyboard lies under the disclaimer', async () => {
  const page = await open(PHONE);
  await choose(page, films.opacity);
  const foot = (await page.locator('footer').boundingBox())?.y ?? 0;
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press('Tab');
    const low = await page.evaluate(() => {
      const element = document.activeElement;
      const place = element?.getBoundingClientRect();
      // What is taller than the window cannot be seen whole.
      return place && place.height < 400 && element !== document.body ? place.bottom : 0;
    });
    expect(low).toBeLessThanOrEqual(foot);
  }
});

async function tabTo(page: Page, name: string): Promise<void> {
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const element = document.activeElement;
      const label = document.getElementById(element?.getAttribute('aria-labelledby') ?? '')?.textContent;
      return label ?? element?.getAttribute('aria-label') ?? element?.textContent;
    });
    if (found === name) return;
  }
  throw new Error(`Tab does not reach ${name}.`);
}
