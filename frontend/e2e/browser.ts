import { accessSync, constants } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const SCREEN = { width: 1280, height: 720 };
/** How long to wait for what is sure to come, on a busy machine too. */
const PATIENCE_MS = 60_000;

let browser: Browser;
const complaints: string[] = [];

/** Give a test file a browser; every test fails that leaves an error in the page. */
export function withBrowser(args: string[] = []): void {
  beforeAll(async () => {
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // root has none
    browser = await chromium.launch({ executablePath: findChromium(), args: [...sandbox, ...args] });
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(() => browser.close());
}

/** Open the page as a newcomer does. */
export async function open(options: BrowserContextOptions = {}, url = inject('url')): Promise<Page> {
  const context = await browser.newContext({ viewport: SCREEN, locale: 'en', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
  await page.goto(url);
  await page.getByRole('button', { name: /./ }).first().waitFor();
  return page;
}

/** Choose films and wait until none is under way. */
export async function choose(page: Page, ...paths: string[]): Promise<void> {
  await page.locator('input[type=file]').setInputFiles(paths);
  await settled(page);
}

/** Wait until no film is under way: so long for each of them. */
export async function settled(page: Page): Promise<void> {
  const busy = page.locator('[data-step=waiting], [data-step=uploading], [data-step=analysing]');
  await page.locator('[data-step]').first().waitFor();
  for (let left = await busy.count(); left > 0; left = await busy.count())
    await expect.poll(() => busy.count()).toBeLessThan(left);
}

/** Sign in by a key. */
export async function giveKey(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByLabel('API key').press('Enter');
}

/** Return the page's pane with the map. */
export const paneOf = (page: Page) => page.getByRole('group', { name: /arrow keys/ }).last();

/** Wait until all the pane's pictures can be seen. */
export async function painted(pane: Locator): Promise<void> {
  await pane.locator('img').evaluate((image: HTMLImageElement) => image.decode());
}

/** Return the mean grey level, in [0, 1], of what an element shows in its middle. */
export async function meanGrey(page: Page, selector = paneOf(page)): Promise<number> {
  await painted(selector);
  const png = await selector.screenshot();
  return page.evaluate(async (data) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${data}`;
    await picture.decode();
    const [width, height] = [picture.width >> 1, picture.height >> 1];
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    if (!context) throw new Error('no canvas');
    context.drawImage(picture, width / 2, height / 2, width, height, 0, 0, width, height);
    const { data: levels } = context.getImageData(0, 0, width, height);
    let sum = 0;
    for (let at = 0; at < levels.length; at += 4)
      sum += (levels[at] ?? 0) + (levels[at + 1] ?? 0) + (levels[at + 2] ?? 0);
    return sum / (levels.length * 0.75) / 255;
  }, png.toString('base64'));
}

export function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(':');
  const places = folders.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  const found = [process.env.CHROMIUM, ...places].find((place) => place && isProgram(place));
  if (!found) throw new Error('Chromium was not found: install it, or name it with CHROMIUM=path.');
  return found;
}

function isProgram(place: string): boolean {
  try {
    accessSync(place, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
