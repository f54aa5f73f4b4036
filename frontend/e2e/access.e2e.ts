import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import { choose, open, settled, withBrowser } from './browser';

withBrowser();
const films = inject('films');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PHONE = { viewport: { width: 390, height: 844 } };

describe.each(['dark', 'light'])('%s', (theme) => {
  const opened = async (options = {}) => {
    const page = await open(options);
    const other = page.getByRole('button', { name: /^Theme/ });
    while ((await page.locator('html').getAttribute('data-theme')) !== theme) await other.click();
    return page;
  };

  test('the empty page has no barrier', async () => {
    expect(await barriers(await opened())).toEqual([]);
  });

  test('an answer has no barrier', async () => {
    const page = await opened();
    await choose(page, films.opacity, films.clear);
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('s');
    expect(await barriers(page)).toEqual([]);
  });

  test('a refusal has no barrier', async () => {
    const page = await opened();
    await choose(page, import.meta.filename);
    expect(await barriers(page)).toEqual([]);
  });

  test('the help has no barrier', async () => {
    const page = await opened();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Keys' }).click();
    expect(await barriers(page)).toEqual([]);
  });

  test('a lost service has no barrier', async () => {
    const page = await opened();
    await page.route(/api/, (route) => route.abort());
    await page.reload();
    await page.getByRole('alert').waitFor();
    await choose(page, films.clear);
    expect(await barriers(page)).toEqual([]);
  });

  test('a phone has no barrier and nothing to scroll sideways', async () => {
    const page = await opened(PHONE);
    await choose(page, films.opacity);
    expect(await barriers(page)).toEqual([]);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(wide).toBeLessThanOrEqual(seen ?? 0);
  });
});

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

/** Return what axe finds against WCAG 2.1 AA and its own best practices, each with the elements concerned. */
async function barriers(page: Page) {
  await page.addScriptTag({ path: AXE });
  const found = (await page.evaluate('axe.run()')) as AxeResults;
  return found.violations.map(({ id, nodes }) => ({
    id,
    where: nodes.map(({ html }) => html.slice(0, 120)),
  }));
}
