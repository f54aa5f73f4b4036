import { createHash } from 'node:crypto';
import type { Page, Route } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { choose, giveKey, open, settled, withBrowser } from './browser';

withBrowser();
const films = inject('films');
// A page's service worker asks past what stands in for the service here.
const OPTIONS = { serviceWorkers: 'block' } as const;

test('a film is sent with the key, a refusal asks for another and keeps the film, and no key is stored', async () => {
  const page = await open(OPTIONS);
  const given = await guard(page, ['key-2'], { required: true, methods: ['key'], oidc: null });
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.getByRole('button', { name: 'Choose films' }).count()).toBe(0);
  await giveKey(page, 'key-1');
  await page.locator('input[type=file]').setInputFiles(films.opacity);
  await page.getByRole('alert').getByText('did not accept').waitFor();
  await page.locator('[data-step=waiting]').getByText('Waiting for you to sign in').waitFor();
  expect(await kept(page)).not.toMatch(/key-\d/);
  await giveKey(page, 'key-2');
  await settled(page);
  await page.locator('[data-step=done] [data-risk]').waitFor();
  expect(given).toEqual(['Bearer key-1', 'Bearer key-2']);
  expect(await kept(page)).not.toMatch(/key-\d/);
});

test('a provider’s window brings a token by a code and its proof, and the films stay meanwhile', async () => {
  const page = await open(OPTIONS);
  const issuer = `${new URL(inject('url')).origin}/provider`;
  const given: string[] = [];
  await guard(page, [], { required: false, methods: [], oidc: null });
  await page.reload();
  await choose(page, films.opacity);
  await page.unrouteAll();
  const provider = await provide(page, issuer);
  given.push(
    ...(await guard(page, ['the.token'], {
      required: true,
      methods: ['oidc'],
      oidc: { issuer, client_id: 'the-page', scope: 'openid profile' },
    })),
  );
  await page.locator('input[type=file]').setInputFiles(films.clear);
  const opening = page.waitForEvent('popup');
  await page.getByRole('button', { name: /^Sign in with 127/ }).click();
  const popup = await opening;
  await popup.getByRole('link', { name: 'I am a reader' }).click();
  await page.locator('[data-step=done]').nth(1).waitFor();
  await expect.poll(() => popup.isClosed()).toBe(true);

  const { asked, exchanged } = provider;
  expect(asked?.get('response_type')).toBe('code');
  expect(asked?.get('client_id')).toBe('the-page');
  expect(asked?.get('scope')).toBe('openid profile');
  expect(asked?.get('code_challenge_method')).toBe('S256');
  const proof = createHash('sha256')
    .update(exchanged?.get('code_verifier') ?? '')
    .digest('base64url');
  expect(proof).toBe(asked?.get('code_challenge'));
  expect(exchanged?.get('code')).toBe('the-code');
  expect(await kept(page)).not.toMatch(/the\.token|oidc/);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.locator('[data-step=done]').count()).toBe(2);

  expect(asked?.get('prompt')).toBe(null);
  const another = page.waitForEvent('popup');
  await page.getByRole('button', { name: /^Sign in with 127/ }).click();
  await (await another).getByRole('link', { name: 'I am a reader' }).waitFor();
  expect(provider.asked?.get('prompt')).toBe('select_account');
});

/** Let the service want a credential, and take only these; return what it was given. */
async function guard(page: Page, accepted: string[], access: object): Promise<string[]> {
  const given: string[] = [];
  await page.route(/\/api\/access$/, (route) => route.fulfill({ json: access }));
  await page.route(/\/api\/predict/, async (route) => {
    const credential = route.request().headers().authorization ?? '';
    given.push(credential);
    const open = accepted.length === 0 || accepted.some((each) => credential === `Bearer ${each}`);
    if (open) return route.continue();
    const said = { error: 'Sign in.', code: 'unauthorized', request_id: 'request-1' };
    return route.fulfill({ status: 401, json: said });
  });
  return given;
}

/** Stand in for an OpenID provider below an address; note what it is asked. */
async function provide(page: Page, issuer: string) {
  const noted: { asked?: URLSearchParams; exchanged?: URLSearchParams } = {};
  const answers: Record<string, (route: Route, url: URL) => Promise<void>> = {
    '/.well-known/openid-configuration': (route) =>
      route.fulfill({
        json: {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
        },
      }),
    '/authorize': (route, { searchParams }) => {
      noted.asked = searchParams;
      const back = `${searchParams.get('redirect_uri')}?code=the-code&state=${searchParams.get('state')}`;
      return route.fulfill({ contentType: 'text/html', body: `<a href="${back}">I am a reader</a>` });
    },
    '/token': (route) => {
      noted.exchanged = new URLSearchParams(route.request().postData() ?? '');
      const claims = Buffer.from(JSON.stringify({ iss: issuer, aud: 'the-page', sub: 'reader' }));
      const token = { access_token: 'the.token', token_type: 'Bearer', expires_in: 300 };
      return route.fulfill({ json: { ...token, id_token: `e30.${claims.toString('base64url')}.` } });
    },
  };
  await page.context().route(`${issuer}/**`, (route) => {
    const url = new URL(route.request().url());
    const answer = answers[url.pathname.replace(new URL(issuer).pathname, '')];
    return answer ? answer(route, url) : route.fulfill({ status: 404 });
  });
  return noted;
}

/** Return all that the browser has stored for the page, as one text. */
const kept = (page: Page) =>
  page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
