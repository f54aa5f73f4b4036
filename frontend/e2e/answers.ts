/** Lets the real service's answers say more than today's service does. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { inject } from 'vitest';
import type { Answer } from '../src/lib/contract';
import { newFields } from '../src/testing/answers';

/**
 * Let the n-th film that a page sends have the service's real answer to a drawn film, with the n-th change; further
 * ones with the last. 'refused' is 422.
 */
export async function answersSay(page: Page, ...changes: (Partial<Answer> | 'refused')[]): Promise<void> {
  const body = readFileSync(inject('films').opacity);
  const response = await fetch(`${inject('url')}/predict?cam=map`, { method: 'POST', body });
  const answer = (await response.json()) as Answer;
  let asked = 0;
  await page.route(/\/predict/, (route) => {
    const request_id = `request-${++asked}`;
    const change = changes[Math.min(asked, changes.length) - 1];
    if (change !== 'refused')
      return route.fulfill({ json: { ...answer, ...newFields(), request_id, ...change } });
    const said = { error: 'No chest radiograph.', code: 'not_a_chest_radiograph', request_id };
    return route.fulfill({ status: 422, json: said });
  });
}

export const INVERTED: Partial<Answer> = {
  warnings: [{ code: 'inverted', message: 'Inverted.', correction: 'invert' }],
};
export const ROTATED: Partial<Answer> = {
  warnings: [{ code: 'rotated', message: 'Rotated.', correction: 'rotate_90' }],
};
export const UNUSUAL: Partial<Answer> = { warnings: [{ code: 'unusual', message: 'Unusual.' }] };

/** An answer with every doubt at once. */
export const DOUBTFUL: Partial<Answer> = {
  warnings: [
    { code: 'inverted', message: 'Inverted.', correction: 'invert' },
    { code: 'cropped', message: 'Cropped.' },
    { code: 'of_tomorrow', message: 'In the service’s own words.' },
  ],
  risk_code: 'indeterminate',
  prediction_set: ['BACTERIAL PNEUMONIA', 'VIRAL PNEUMONIA', 'NORMAL'],
  disagreement: 0.42,
};
