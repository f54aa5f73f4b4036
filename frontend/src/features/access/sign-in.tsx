import { KeyRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Access } from '@/lib/contract';
import { useCredential } from '@/lib/credential';
import { KeyForm } from './key-form';
import { OidcButton } from './oidc-button';

/** Asks for what the service wants to know its reader by. */
export function SignIn({ access }: { access: Access }) {
  const { t } = useTranslation();
  const rejected = useCredential(({ rejected }) => rejected);
  const byKey = access.methods.includes('key');
  return (
    <section
      aria-labelledby="sign-in"
      className="mx-auto grid w-full max-w-md gap-4 rounded-xl border border-line bg-panel p-6"
    >
      <h2 id="sign-in" className="flex items-center gap-2 font-semibold text-lg">
        <KeyRound aria-hidden className="size-5 text-accent" />
        {t('access.title')}
      </h2>
      <p role="alert" className={rejected ? 'text-danger text-sm' : 'text-muted text-sm'}>
        {t(rejected ? 'access.rejected' : 'access.required')}
      </p>
      {byKey && <KeyForm />}
      {access.oidc && <OidcButton oidc={access.oidc} primary={!byKey} />}
    </section>
  );
}
