import { useRegisterSW } from 'virtual:pwa-register/react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { clear } from '@/features/worklist/runner';
import { useWorklist } from '@/features/worklist/store';

const HOUR_MS = 3_600_000;
const PATIENCE_MS = 3_000;

/** Offers a newer page. Taking it, in this tab or another, never takes films from a tab that holds some. */
export function UpdateNotice() {
  const { t } = useTranslation();
  const [waiting, setWaiting] = useState(false);
  const { updateServiceWorker } = useRegisterSW({
    onNeedRefresh: () => setWaiting(true),
    onNeedReload: () => useWorklist.getState().films.length === 0 && location.reload(),
    onRegisteredSW: (_url, registration) => {
      setInterval(() => registration?.update().catch(() => {}), HOUR_MS);
    },
  });
  if (!waiting) return null;

  async function take() {
    clear();
    const taken = newWorker();
    await updateServiceWorker();
    await taken;
    location.reload();
  }

  return (
    <p role="status" className="flex flex-wrap items-center gap-3 bg-accent-soft px-4 py-2 text-sm">
      {t('update.ready')}
      <Button size="sm" onClick={take}>
        {t('update.take')}
      </Button>
    </p>
  );
}

/** Wait until another worker serves this page: the old one would answer a reload with the old page once more. */
function newWorker(): Promise<unknown> | undefined {
  if (!navigator.serviceWorker) return;
  const taken = new Promise((resolve) => {
    navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
  });
  // It may have been taken in another tab before.
  return Promise.race([taken, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}
