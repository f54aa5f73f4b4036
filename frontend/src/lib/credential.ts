/** Who this tab speaks for: a key or a token, in memory only and gone with the tab. */
import { create } from 'zustand';

interface Credential {
  /** The service said that it wants one. */
  required: boolean;
  bearer: string | null;
  /** How often the service refused a request for want of a credential that it accepts. */
  refusals: number;
  /** The last credential was refused: wrong, withdrawn or expired. */
  rejected: boolean;
  /** The last reader signed out: who comes next may be somebody else. */
  signedOut: boolean;
}

export const useCredential = create<Credential>()(() => ({
  required: false,
  bearer: null,
  refusals: 0,
  rejected: false,
  signedOut: false,
}));

export const mustSignIn = ({ required, bearer }: Credential) => required && bearer === null;

export function signInWith(bearer: string): void {
  useCredential.setState({ bearer, rejected: false, signedOut: false });
}

export function signOut(): void {
  useCredential.setState({ bearer: null, rejected: false, signedOut: true });
}

/** Forget a credential that was refused, unless another has taken its place meanwhile. */
export function refuse(refused: string | null): void {
  useCredential.setState(({ bearer, refusals, rejected }) => ({
    refusals: refusals + 1,
    ...(bearer === refused && { bearer: null, rejected: rejected || refused !== null }),
  }));
}
