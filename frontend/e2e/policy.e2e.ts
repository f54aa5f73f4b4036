import { spawnSync } from 'node:child_process';
import { expect, inject, test } from 'vitest';
import { choose, meanGrey, open, withBrowser } from './browser';
import { startContainer } from './service';

const PATIENCE_MS = 180_000; // the networks are loaded once more

withBrowser();

const nginx = spawnSync('nginx', ['-v']).error === undefined;

test.skipIf(!nginx)(
  'the page keeps to the content security policy of the container’s nginx',
  async () => {
    const service = await startContainer();
    try {
      const page = await open({}, service.url);
      await page.evaluate(() => navigator.serviceWorker.ready);
      await choose(page, inject('films').opacity);
      await page.locator('[data-step=done] [data-risk]').waitFor();
      expect(await meanGrey(page)).toBeGreaterThan(0.02);

      const downloading = page.waitForEvent('download');
      await page.getByRole('button', { name: 'PDF report' }).click();
      expect((await downloading).suggestedFilename()).toMatch(/\.pdf$/);
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      // What lies behind does not scroll, though no style element may say so.
      expect(await page.evaluate(() => getComputedStyle(document.body).overflow)).toBe('hidden');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await page.evaluate(() => getComputedStyle(document.body).overflow)).not.toBe('hidden');

      await page.goto(`${service.url}/docs`);
      await page.getByRole('heading', { level: 1 }).waitFor();

      // The policy is there at all: in a page that nobody listens to, what it forbids does not happen.
      const other = await page.context().newPage();
      await other.goto(service.url);
      const ran = await other.evaluate(() => {
        document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = true' }));
        return 'ran' in window;
      });
      expect(ran).toBe(false);
    } finally {
      await service.stop();
    }
  },
  PATIENCE_MS,
);
