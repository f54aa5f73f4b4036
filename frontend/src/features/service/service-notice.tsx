import { ServerCrash } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ServiceState } from './use-service-state';

/** Says across the page that no answer can be had, and what becomes of the films on it. */
export function ServiceNotice({ state }: { state: ServiceState }) {
  const { t } = useTranslation();
  if (state !== 'unreachable' && state !== 'unhealthy') return null;
  return (
    <p role="alert" className="flex items-center gap-2 bg-danger-soft px-4 py-2 text-danger text-sm">
      <ServerCrash aria-hidden className="size-4 shrink-0" />
      {t(`service.${state}Means`)}
    </p>
  );
}
