/** The page before a service that really wants to know who asks: nothing stands in for anything here. */
import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { giveKey, open, settled, withBrowser } from './browser';
import { CLIENT, type Provider, startProvider } from './provider';
import { PYTHON, ROOT, type Service, startService } from './service';

withBrowser();
const films = inject('films');
let provider: Provider;
let service: Service;
let keys: Record<'reader' | 'operator', string>;

const MAKE_KEYS = `
import json
from backend.app.keys import configured, new_key
keys = {"reader": new_key(), "operator": new_key()}
roles = {"reader": ["predict"], "operator": ["metrics"]}
print(json.dumps({"keys": keys, "lines": [configured(name, roles[name], key) for name, key in keys.items()]}))
`;

beforeAll(async () => {
  const made = JSON.parse(execFileSync(PYTHON, ['-c', MAKE_KEYS], { cwd: ROOT, encoding: 'utf8' }));
  keys = made.keys;
  provider = await startProvider();
  service = await startService(undefined, {
    PUBLIC: '1',
    API_KEYS: made.lines.join(','),
    OIDC_ISSUER: provider.issuer,
    OIDC_JWKS_URL: `${provider.issuer}/keys`,
    OIDC_AUDIENCE: CLIENT,
    OIDC_CLIENT_ID: CLIENT,
    OIDC_ROLES: 'radiologist=predict,operator=metrics',
  });
});
afterAll(async () => {
  await service?.stop();
  provider?.stop();
});

test('a key that is none is refused, one without the right is told so, and the right one reads the film', async () => {
  const page = await open({}, service.url);
  await giveKey(page, 'pneumonet_made-up');
  await send(page);
  await page.getByRole('alert').getByText('did not accept').waitFor();
  await giveKey(page, keys.operator);
  await page.locator('[data-step=failed]').waitFor();
  await page.getByText('does not allow you to analyse').first().waitFor();
  expect(await page.locator('[data-risk]').count()).toBe(0);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await giveKey(page, keys.reader);
  await send(page);
  await page.locator('[data-step=done] [data-risk]').waitFor();
});

test('a provider at another address signs the reader in, and the service takes its signature', async () => {
  provider.roles = ['radiologist'];
  const page = await open({}, service.url);
  await signIn(page);
  await send(page);
  await settled(page);
  await page.locator('[data-step=done] [data-risk]').waitFor();
});

async function send(page: Page): Promise<void> {
  await page.locator('input[type=file]').setInputFiles(films.opacity);
}

async function signIn(page: Page): Promise<void> {
  const opening = page.waitForEvent('popup');
  await page.getByRole('button', { name: /^Sign in with 127/ }).click();
  const popup = await opening;
  await popup.getByRole('link', { name: 'I am a reader' }).click();
  await expect.poll(() => popup.isClosed()).toBe(true);
}
