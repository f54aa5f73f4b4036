import { HttpResponse, http } from 'msw';
import { describe, expect, it, vi } from 'vitest';
import { server } from '@/testing/server';
import { BlockedError, signInAt } from './oidc';
import { hasReturned } from './returned';

const OIDC = { issuer: 'https://login.example', client_id: 'page', scope: 'openid' };

it('a window that the browser does not open is told from a sign-in that fails', async () => {
  server.use(
    http.get('https://login.example/.well-known/openid-configuration', () =>
      HttpResponse.json({ issuer: OIDC.issuer, authorization_endpoint: 'https://login.example/authorize' }),
    ),
  );
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
