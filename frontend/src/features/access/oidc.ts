/** Signs in at an OpenID provider: authorization code with PKCE, in a window of its own so that films stay. */
import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import type { Oidc } from '@/lib/contract';
import { useCredential } from '@/lib/credential';

/** The provider did not get a window to ask in. */
export class BlockedError extends Error {
  override name = 'BlockedError';
}

/** Return an access token; what the exchange needs meanwhile is held in memory, like the token itself. */
export async function signInAt({ issuer, client_id, scope }: Oidc, signal: AbortSignal): Promise<string> {
  const store = () => new WebStorageStateStore({ store: new InMemoryWebStorage() });
  const manager = new UserManager({
    authority: issuer,
    client_id,
    scope,
    redirect_uri: returnAddress(),
    userStore: store(),
    stateStore: store(),
    automaticSilentRenew: false,
    // A provider that still knows who signed out would sign the same person in again, unasked.
    ...(useCredential.getState().signedOut && { prompt: 'select_account' }),
  });
  const user = await manager.signinPopup({ popupSignal: signal }).catch((error: unknown) => {
    throw error instanceof Error && /disposed window/.test(error.message) ? new BlockedError() : error;
  });
  return user.access_token;
}

/** In the provider's window, when it comes back: hand over to the page that opened it, and close. */
export function handOver(): Promise<void> {
  const manager = new UserManager({ authority: '', client_id: '', redirect_uri: returnAddress() });
  return manager.signinPopupCallback();
}

const returnAddress = () => `${location.origin}/`;
