/** Lets the real service's answers say more than today's service does. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { inject } from 'vitest';
import type { Answer } from '../src/lib/contract';
import { newFields } from '../src/testing/answers';

/**
 * Let the n-th film that a page sends have the service's real answer to a drawn film, with the n-th change; further
 * ones with the last. 'refused' is 422, 'real' the service's own answer to that very film.
 */
export async function answersSay(
  page: Page,
  ...changes: (Partial<Answer> | 'refused' | 'real')[]
): Promise<void> {
  const answer = await serviceSays(inject('films').opacity);
  let asked = 0;
  await page.route(/\/predict/, (route) => {
    const request_id = `request-${++asked}`;
    const change = changes[Math.min(asked, changes.length) - 1];
    if (change === 'real') return route.continue();
    if (change !== 'refused')
      return route.fulfill({ json: { ...answer, ...newFields(), request_id, ...change } });
    const said = { error: 'No chest radiograph.', code: 'not_a_chest_radiograph', request_id };
    return route.fulfill({ status: 422, json: said });
  });
}

/** Return the service's own answer to a film. */
export async function serviceSays(path: string): Promise<Answer> {
  const response = await fetch(`${inject('url')}/predict?cam=map`, {
    method: 'POST',
    body: readFileSync(path),
    headers: { connection: 'close' }, // one that was kept may be ending just now
  });
  return (await response.json()) as Answer;
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
