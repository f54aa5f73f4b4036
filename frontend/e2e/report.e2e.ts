import { readFileSync } from 'node:fs';
import { getDocument, OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { PROVENANCE } from '../src/testing/answers';
import { answersSay, DOUBTFUL } from './answers';
import { choose, open, withBrowser } from './browser';

withBrowser();
const films = inject('films');
const MARGIN_POINTS = (14 / 25.4) * 72;

test('the report is one page that holds the whole answer and both pictures', async () => {
  const page = await open();
  await choose(page, films.opacity);
  const answer = await copied(page);
  const { name, text, pages, pictures } = await report(page, 'PDF report');

  expect(name).toBe(`pneumonet-${answer.request_id}.pdf`);
  expect(pages).toBe(1);
  expect(pictures).toHaveLength(2);
  for (const { width, height } of pictures) expect(width / height).toBeCloseTo(1280 / 876, 2);
  for (const share of Object.values<number>(answer.probabilities)) {
    expect(text).toContain(`${(share * 100).toFixed(2)}%`);
  }
  expect(text).toContain(answer.request_id);
  expect(text).toContain(answer.model_version);
  expect(text).toContain('EfficientNetV2-S');
  expect(text).toContain('Not a medical device');
  expect(text).toContain('1 to 5 years');
  expect(text).toContain(new Intl.DateTimeFormat('en', { dateStyle: 'long' }).format(new Date()));
  expect(text).not.toContain('opacity.png');
});

test.each(['en', 'fr'])('an answer full of doubt fits on its page too, in %s', async (locale) => {
  const page = await open({ locale });
  await answersSay(page, { ...DOUBTFUL, prediction: 'NORMAL' });
  await choose(page, films.opacity);
  const { text, pages, lowest } = await report(page, /PDF/);
  expect(pages).toBe(1);
  expect(lowest).toBeGreaterThan(MARGIN_POINTS);
  expect(text).toContain('95');
  expect(text).toContain(PROVENANCE.image_sha256);
  expect(text).toContain(PROVENANCE.weights_sha256.efficientnet_v2_s);
  expect(text).toContain(PROVENANCE.engine);
  expect(text).toContain('In the service’s own words.');
});

test('a report in French has its accents', async () => {
  const page = await open({ locale: 'fr' });
  await choose(page, films.opacity);
  const { text } = await report(page, /PDF/);
  expect(text).toContain('Pneumonie bactérienne');
});

test.each(['hi', 'zh'])(
  'a report in %s, which the PDF’s fonts cannot write, is drawn instead',
  async (locale) => {
    const page = await open({ locale });
    await choose(page, films.opacity);
    const { pages, pictures } = await report(page, /PDF/);
    expect(pages).toBe(1);
    expect(pictures.length).toBeGreaterThan(8);
  },
);

async function copied(page: Page) {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
}

async function report(page: Page, button: string | RegExp) {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const download = await downloading;
  const document = await getDocument({
    data: new Uint8Array(readFileSync(await download.path())),
    verbosity: 0,
  }).promise;
  const sheet = await document.getPage(1);
  const content = await sheet.getTextContent();
  const { fnArray, argsArray } = await sheet.getOperatorList();
  const pictures = argsArray
    .filter((_, index) => fnArray[index] === OPS.paintImageXObject)
    .map(([, width, height]) => ({ width, height }));
  const text = content.items.map((item) => ('str' in item ? item.str : '')).join(' ');
  const lowest = Math.min(
    ...content.items.map((item) => ('str' in item && item.str ? item.transform[5] : 999)),
  );
  return { lowest, name: download.suggestedFilename(), pages: document.numPages, text, pictures };
}
