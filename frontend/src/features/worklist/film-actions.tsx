import { Minimize2, RotateCw, Square, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { type Film, isPending } from './film';
import { cancel, remove, retry } from './runner';
import { shrink } from './shrink';
import { replace } from './take-in';

/** What can be done about a film where it stands. */
export function FilmActions({ film }: { film: Film }) {
  const { t } = useTranslation();
  const { name, step } = film;
  const again = step.name === 'failed' || step.name === 'cancelled';
  return (
    <div className="flex shrink-0 items-center">
      {isTooLarge(film) && <ShrinkButton film={film} />}
      {again && (
        <Button
          variant="ghost"
          size="icon"
          aria-label={t('worklist.retry', { name })}
          onClick={() => retry(film.id)}
        >
          <RotateCw aria-hidden />
        </Button>
      )}
      {isPending(film) ? (
        <Button
          variant="ghost"
          size="icon"
          aria-label={t('worklist.cancel', { name })}
          onClick={() => cancel(film.id)}
        >
          <Square aria-hidden />
        </Button>
      ) : (
        <Button
          variant="ghost"
          size="icon"
          aria-label={t('worklist.remove', { name })}
          onClick={() => remove(film.id)}
        >
          <X aria-hidden />
        </Button>
      )}
    </div>
  );
}

function ShrinkButton({ film }: { film: Film }) {
  const { t } = useTranslation();
  const [failed, setFailed] = useState(false);
  const send = () =>
    shrink(film.file).then(
      (smaller) => replace(film.id, smaller),
      () => setFailed(true),
    );
  if (failed) return <span className="text-danger text-xs">{t('worklist.shrinkFailed')}</span>;
  return (
    <Button size="sm" title={t('worklist.shrinkMeans')} onClick={send}>
      <Minimize2 aria-hidden />
      {t('worklist.shrink')}
    </Button>
  );
}

function isTooLarge({ step, shrunk }: Film): boolean {
  if (shrunk) return false;
  if (step.name === 'failed') return step.error.code === 'image_too_large';
  return step.name === 'refused' && step.reason === 'too_large';
}
