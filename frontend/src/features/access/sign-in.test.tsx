import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Access } from '@/lib/contract';
import { refuse, useCredential } from '@/lib/credential';
import { resetStores } from '@/testing/stores';
import { BlockedError, signInAt } from './oidc';
import { SignIn } from './sign-in';

vi.mock('./oidc', async (load) => ({ ...(await load<object>()), signInAt: vi.fn() }));

const OIDC = { issuer: 'https://login.example/realm', client_id: 'page', scope: 'openid' };
const KEY: Access = { required: true, methods: ['key'], oidc: null };
const BOTH: Access = { required: true, methods: ['key', 'oidc'], oidc: OIDC };

beforeEach(() => void vi.mocked(signInAt).mockReset());
afterEach(resetStores);

const kept = () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]);
const bearer = () => useCredential.getState().bearer;
const field = () => screen.getByLabelText('API key');
const provider = () => screen.getByRole('button', { name: 'Sign in with login.example' });

describe('signing in with a key', () => {
  it('holds the key in memory, and nowhere else', async () => {
    render(<SignIn access={KEY} />);
    await userEvent.type(field(), ' key-1 {Enter}');
    expect(bearer()).toBe('key-1');
    expect(kept()).not.toContain('key-1');
  });

  it('gives the browser no password to keep', () => {
    render(<SignIn access={KEY} />);
    expect(field()).toHaveAttribute('type', 'text');
    expect(field()).toHaveAttribute('autocomplete', 'off');
  });

  it.each(['two words', 'schlüssel', ' '])('refuses “%s”, which is no key, and says so', async (key) => {
    render(<SignIn access={KEY} />);
    await userEvent.type(field(), `${key}{Enter}`);
    expect(bearer()).toBeNull();
    expect(field()).toBeInvalid();
    expect(field()).toHaveAccessibleDescription(/without spaces/);
    expect(screen.getByText(/without spaces/)).toHaveRole('alert');
  });

  it('says that the last one was not accepted', () => {
    useCredential.setState({ required: true, bearer: 'old' });
    refuse('old');
    render(<SignIn access={KEY} />);
    expect(screen.getByRole('alert')).toHaveTextContent('The service did not accept what you signed in with');
  });

  it('is the only way where no provider is named, and none where keys are not taken', () => {
    const { unmount } = render(<SignIn access={KEY} />);
    expect(screen.getAllByRole('button')).toHaveLength(1);
    unmount();
    render(<SignIn access={{ ...BOTH, methods: ['oidc'] }} />);
    expect(provider()).toBeInTheDocument();
    expect(screen.queryByLabelText('API key')).not.toBeInTheDocument();
  });
});

describe('signing in at a provider', () => {
  it('holds its token in memory', async () => {
    vi.mocked(signInAt).mockResolvedValue('token-1');
    render(<SignIn access={BOTH} />);
    await userEvent.click(provider());
    await waitFor(() => expect(bearer()).toBe('token-1'));
    expect(vi.mocked(signInAt).mock.lastCall?.[0]).toEqual(OIDC);
    expect(kept()).not.toContain('token-1');
  });

  it('can be begun anew, and the window before is not heard any more', async () => {
    let finish: (token: string) => void = () => {};
    vi.mocked(signInAt).mockReturnValueOnce(new Promise((resolve) => (finish = resolve)));
    render(<SignIn access={BOTH} />);
    await userEvent.click(provider());
    expect(await screen.findByText('Sign in in the window that has opened.')).toBeInTheDocument();
    vi.mocked(signInAt).mockReturnValueOnce(new Promise(() => {}));
    await userEvent.click(provider());
    await waitFor(() => expect(signInAt).toHaveBeenCalledTimes(2));
    expect(vi.mocked(signInAt).mock.calls[0]?.[1].aborted).toBe(true);
    finish('late');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bearer()).toBeNull();
  });

  it.each([
    [new BlockedError(), 'The browser did not open the window.'],
    [new Error('access_denied'), 'Signing in did not work. Try again.'],
  ])('that fails with %s says so', async (error, words) => {
    vi.mocked(signInAt).mockRejectedValue(error);
    render(<SignIn access={BOTH} />);
    await userEvent.click(provider());
    await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent(words));
    expect(bearer()).toBeNull();
  });
});
