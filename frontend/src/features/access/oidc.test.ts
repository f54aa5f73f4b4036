import { HttpResponse, http } from 'msw';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signInWith, signOut } from '@/lib/credential';
import { server } from '@/testing/server';
import { resetStores } from '@/testing/stores';
import { BlockedError, signInAt } from './oidc';
import { hasReturned } from './returned';

const OIDC = { issuer: 'https://login.example', client_id: 'page', scope: 'openid' };

beforeEach(() => {
  server.use(
    http.get('https://login.example/.well-known/openid-configuration', () =>
      HttpResponse.json({ issuer: OIDC.issuer, authorization_endpoint: 'https://login.example/authorize' }),
    ),
  );
});
afterEach(resetStores);

it.each<[string, () => void, string | null]>([
  ['lets the provider take who it knows', () => {}, null],
  ['has the provider ask who it is after somebody signed out', signOut, 'select_account'],
  ['lets it again once somebody has signed in since', () => [signOut(), signInWith('token')], null],
])('signing in %s', async (_, before, prompt) => {
  const location = { replace: vi.fn() };
  const opened = { location, closed: false, close: () => {}, focus: () => {} };
  vi.spyOn(window, 'open').mockReturnValue(opened as unknown as Window);
  before();
  const signal = new AbortController();
  signInAt(OIDC, signal.signal).catch(() => {});
  await vi.waitFor(() => expect(location.replace).toHaveBeenCalled());
  expect(new URL(location.replace.mock.lastCall?.[0]).searchParams.get('prompt')).toBe(prompt);
  signal.abort();
});

it('a window that the browser does not open is told from a sign-in that fails', async () => {
  vi.spyOn(window, 'open').mockReturnValue(null);
  await expect(signInAt(OIDC, new AbortController().signal)).rejects.toBeInstanceOf(BlockedError);
});

describe('the address that a provider comes back to', () => {
  it.each(['?code=abc&state=xyz', '?error=access_denied&state=xyz'])('is %s', (search) => {
    expect(hasReturned(search)).toBe(true);
  });

  it.each(['', '?code=abc', '?state=xyz', '?lang=fr'])('is not “%s”', (search) => {
    expect(hasReturned(search)).toBe(false);
  });
});
