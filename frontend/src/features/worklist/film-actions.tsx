import { RotateCw, Square, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { type Film, isPending } from './film';
import { cancel, remove, retry } from './runner';

/** What can be done about a film where it stands; Cancel and Remove never share a place, lest one be hit for the other. */
export function FilmActions({ film }: { film: Film }) {
  const { t } = useTranslation();
  const { id, name, step } = film;
  const again = step.name === 'failed' || step.name === 'cancelled';
  const button = { variant: 'ghost', size: 'icon' } as const;
  return (
    <div className="flex shrink-0 items-center">
      {again && (
        <Button key="retry" {...button} aria-label={t('worklist.retry', { name })} onClick={() => retry(id)}>
          <RotateCw aria-hidden />
        </Button>
      )}
      {isPending(film) && (
        <Button
          key="cancel"
          {...button}
          aria-label={t('worklist.cancel', { name })}
          onClick={() => cancel(id)}
        >
          <Square aria-hidden />
        </Button>
      )}
      <Button key="remove" {...button} aria-label={t('worklist.remove', { name })} onClick={() => remove(id)}>
        <X aria-hidden />
      </Button>
    </div>
  );
}
