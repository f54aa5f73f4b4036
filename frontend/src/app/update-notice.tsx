import { useRegisterSW } from 'virtual:pwa-register/react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';

/** Offers a newer page; taking it loses the films on this one, so that it is never taken unasked. */
export function UpdateNotice() {
  const { t } = useTranslation();
  const {
    needRefresh: [waiting],
    updateServiceWorker,
  } = useRegisterSW();
  if (!waiting) return null;
  return (
    <p role="status" className="flex flex-wrap items-center gap-3 bg-accent-soft px-4 py-2 text-sm">
      {t('update.ready')}
      <Button size="sm" onClick={() => void updateServiceWorker(true)}>
        {t('update.take')}
      </Button>
    </p>
  );
}
