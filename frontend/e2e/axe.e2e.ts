/** Every screen, held to WCAG 2.1 AA and to axe's best practices, in both themes. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import { MOST_BYTES } from '@/features/worklist/file-checks';
import { answersSay, DOUBTFUL, UNUSUAL } from './answers';
import { choose, open, settled, withBrowser } from './browser';
import { ROOT, startService } from './service';

withBrowser();
const films = inject('films');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { viewport: { width: 390, height: 844 } };

describe.each(['dark', 'light'])('%s', (theme) => {
  const opened = async (options: BrowserContextOptions = {}, url?: string) => {
    const page = await open(options, url);
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
    await page.keyboard.press('i');
    await page.getByRole('button', { name: 'Remove all films' }).click();
    await page.getByRole('button', { name: /^Yes, remove/ }).waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  test('a refusal has no barrier', async () => {
    const page = await opened();
    await choose(page, import.meta.filename);
    expect(await barriers(page)).toEqual([]);
  });

  test('an answer full of doubt has no barrier, nor has a corrected film', async () => {
    const page = await opened();
    await answersSay(page, DOUBTFUL, {});
    await choose(page, films.opacity);
    await page.getByText('How this answer was made').click();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Invert and read again' }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await settled(page);
    expect(await barriers(page)).toEqual([]);
  });

  test('a picture that is no film has no barrier, before and after it is analysed anyway', async () => {
    const page = await opened();
    await answersSay(page, 'refused', UNUSUAL);
    await choose(page, films.opacity);
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Analyse anyway' }).click();
    await page.locator('[data-step=done]').waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  test('signing in has no barrier, on an empty page and beside films', async () => {
    const page = await opened({ serviceWorkers: 'block' });
    const oidc = { issuer: 'https://login.example', client_id: 'page', scope: 'openid' };
    const access = { required: true, methods: ['key', 'oidc'], oidc };
    await page.route(/\/api\/access$/, (route) => route.fulfill({ json: access }));
    await page.reload();
    await page.getByLabel('API key').fill('not a key');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel('API key').waitFor();
    await page.evaluate((name) => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array([0xff, 0xd8, 0xff])], name, { type: 'image/jpeg' }));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true }));
    }, 'film.jpg');
    await page.locator('[data-step=waiting]').waitFor();
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

  test('the API’s own page has no barrier', async () => {
    const page = await open({ colorScheme: theme === 'dark' ? 'dark' : 'light' });
    await page.goto(`${inject('url')}/docs`);
    expect(await page.locator('h1').count()).toBe(1);
    expect(await barriers(page)).toEqual([]);
  });

  test('films under way, waiting and cancelled have no barrier', async () => {
    const page = await opened();
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route(/predict/, (route) => held.then(() => route.continue()).catch(() => {}));
    await page.locator('input[type=file]').setInputFiles([films.opacity, films.clear, films.large]);
    await page.locator('[data-step=waiting]').waitFor();
    await page
      .getByRole('button', { name: /^Cancel/ })
      .first()
      .click();
    await page.locator('[data-step=cancelled]').waitFor();
    expect(await barriers(page)).toEqual([]);
    letGo();
  });

  test('a film that is too large, one that is damaged and the service’s refusal have no barrier', async () => {
    const page = await opened();
    const whole = readFileSync(films.clear);
    const files = [
      { name: 'large.png', mimeType: 'image/png', buffer: Buffer.concat([whole, Buffer.alloc(MOST_BYTES)]) },
      { name: 'half.png', mimeType: 'image/png', buffer: whole.subarray(0, whole.length / 2) },
    ];
    await page.locator('input[type=file]').setInputFiles(files);
    await page.locator('[data-step=refused]').getByRole('button', { name: 'Shrink and send' }).waitFor();
    await page.locator('[data-step=failed]').waitFor();
    for (const step of ['refused', 'failed']) {
      await page.locator(`[data-step=${step}] button`).first().click();
      expect(await barriers(page)).toEqual([]);
    }
  });

  test('a page that broke has no barrier and offers a way on', async () => {
    const page = await opened();
    await page.evaluate(() => {
      const get = () => {
        throw new Error('planted');
      };
      Object.defineProperty(Intl.NumberFormat.prototype, 'format', { get });
    });
    await page.locator('input[type=file]').setInputFiles(films.opacity);
    await page.getByRole('main').getByRole('button', { name: 'Reload' }).waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  test('a newer page is offered without barrier, and taken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    cpSync(`${ROOT}frontend/dist`, folder, { recursive: true });
    let service = await startService(undefined, { PAGE_DIR: folder });
    try {
      const page = await opened({}, service.url);
      await page.evaluate(() => navigator.serviceWorker.ready);
      await service.stop();
      renew(folder);
      service = await startService(Number(new URL(service.url).port), { PAGE_DIR: folder });
      await page.reload();
      await page.getByRole('button', { name: 'Take it' }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Take it' }).click()]);
      await expect.poll(() => page.title().catch(() => '')).toBe('Newer');
    } finally {
      await service.stop();
      rmSync(folder, { recursive: true });
    }
  });
});

test.each(['es', 'fr', 'hi', 'zh'])('an answer in %s has no barrier', async (locale) => {
  const page = await open({ locale });
  await choose(page, films.opacity);
  expect(await barriers(page)).toEqual([]);
});

/** Make a newer page of a built one. */
function renew(folder: string): void {
  for (const name of readdirSync(folder))
    if (/^(index\.html|sw\.js)\.(br|gz)$/.test(name)) rmSync(join(folder, name));
  const change = (name: string, was: RegExp, is: string) => {
    const text = readFileSync(join(folder, name), 'utf8');
    expect(text).toMatch(was);
    writeFileSync(join(folder, name), text.replace(was, is));
  };
  change('index.html', /<title>.*<\/title>/, '<title>Newer</title>');
  change('sw.js', /(url:"index\.html",revision:)"\w+"/, '$1"newer"');
}

/** Return what axe finds against WCAG 2.1 AA and its own best practices, each with the elements concerned. */
async function barriers(page: Page) {
  await page.evaluate(AXE); // the policy forbids scripts in the page
  const found = (await page.evaluate('axe.run()')) as AxeResults;
  return found.violations.map(({ id, nodes }) => ({
    id,
    where: nodes.map(({ html }) => html.slice(0, 120)),
  }));
}
