import { clsx } from 'clsx';
import { useTranslation } from 'react-i18next';
import type { ServiceState } from './use-service-state';

const DOTS: Record<ServiceState, string> = {
  asking: 'bg-track',
  starting: 'bg-caution',
  ready: 'bg-calm',
  unhealthy: 'bg-danger',
  unreachable: 'bg-danger',
};

export function ServiceIndicator({ state }: { state: ServiceState }) {
  const { t } = useTranslation();
  return (
    <p role="status" className="flex min-w-0 flex-wrap items-center gap-x-2 text-sm" data-state={state}>
      <span aria-hidden className={clsx('size-2.5 shrink-0 rounded-full', DOTS[state])} />
      <span className="whitespace-nowrap">{t(`service.${state}`)}</span>
      {state === 'starting' && <span className="text-muted">{t('service.startingMeans')}</span>}
    </p>
  );
}
