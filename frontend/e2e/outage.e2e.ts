import { expect, inject, test } from 'vitest';
import { choose, open, withBrowser } from './browser';
import { startService } from './service';

withBrowser();

test('a lost service is said, nothing is made up, and the film is answered once it is back', async () => {
  let service = await startService();
  const port = Number(new URL(service.url).port);
  try {
    const page = await open({}, service.url);
    await page.getByText('Service ready').waitFor();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await service.stop();

    await choose(page, inject('films').opacity);
    await page.getByText('The service could not be reached').first().waitFor();
    expect(await page.locator('[data-step=failed]').count()).toBe(1);
    expect(await page.locator('[data-risk]').count()).toBe(0);
    await page.getByText('Service unreachable').waitFor();

    service = await startService(port);
    await page.getByText('Service ready').waitFor();
    await page.getByRole('button', { name: 'Send opacity.png again' }).click();
    await page.locator('[data-step=done] [data-risk]').waitFor();
  } finally {
    await service.stop();
  }
});

test('the page opens without its service and says that analysis needs it', async () => {
  const service = await startService();
  const page = await open({}, service.url);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await service.stop();
  await page.reload();
  await page.getByText('Drop films here').waitFor();
  await page.getByText('analysis needs it').waitFor();
});
