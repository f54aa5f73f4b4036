import { LogIn } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import type { Oidc } from '@/lib/contract';
import { signInWith } from '@/lib/credential';

const loadOidc = () => import('./oidc');

/** Signs in at the provider that the service trusts, in a window that the provider closes again. */
export function OidcButton({ oidc, primary }: { oidc: Oidc; primary: boolean }) {
  const { t } = useTranslation();
  const [state, setState] = useState<'idle' | 'opened' | 'blocked' | 'failed'>('idle');
  const attempt = useRef(new AbortController());

  useEffect(() => {
    loadOidc().catch(() => {}); // a window may be opened only soon after a press: nothing is fetched then
    return () => attempt.current.abort();
  }, []);

  // A window that its reader closed cannot be told from one that the provider walled off: pressing again is always possible.
  async function signIn() {
    attempt.current.abort();
    const current = new AbortController();
    attempt.current = current;
    const { signInAt, BlockedError } = await loadOidc();
    setState('opened');
    signInAt(oidc, current.signal).then(
      (token) => {
        if (!current.signal.aborted) signInWith(token);
      },
      (error: unknown) => {
        if (!current.signal.aborted) setState(error instanceof BlockedError ? 'blocked' : 'failed');
      },
    );
  }

  return (
    <div className="grid gap-2">
      <Button
        variant={primary ? 'primary' : 'outline'}
        onClick={() => signIn().catch(() => setState('failed'))}
      >
        <LogIn aria-hidden />
        {t('access.oidc', { provider: hostOf(oidc.issuer) })}
      </Button>
      <p role="status" className={state === 'opened' ? 'text-muted text-xs' : 'text-danger text-xs'}>
        {state !== 'idle' && t(`access.${state}`)}
      </p>
    </div>
  );
}

function hostOf(issuer: string): string {
  return issuer.replace(/^\w+:\/\//, '').replace(/\/.*$/, '');
}
