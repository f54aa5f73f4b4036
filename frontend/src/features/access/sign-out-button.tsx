import { LogOut } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { signOut, useCredential } from '@/lib/credential';

/** Forgets the key or the token, where there is one. */
export function SignOutButton() {
  const { t } = useTranslation();
  const signedIn = useCredential(({ required, bearer }) => required && bearer !== null);
  if (!signedIn) return null;
  return (
    <Button
      variant="ghost"
      size="icon"
      aria-label={t('access.signOut')}
      title={t('access.signOut')}
      onClick={signOut}
    >
      <LogOut aria-hidden />
    </Button>
  );
}
