import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Select } from '@/components/ui/select';
import { type Film, isPending } from './film';
import { FilmRow } from './film-row';
import { byRisk } from './order';
import { clear, retry } from './runner';
import { useWorklist } from './store';

/** Every film of this tab, the most urgent first. */
export function WorkList({ result }: { result: (film: Film) => ReactNode }) {
  const { t } = useTranslation();
  const { films, selectedId, select } = useWorklist();
  const [order, setOrder] = useState<'risk' | 'arrival'>('risk');
  const pending = films.filter(isPending).length;
  const failed = films.filter(({ step }) => step.name === 'failed');
  return (
    <nav aria-label={t('worklist.title')} className="flex min-h-0 flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-muted text-sm">
          {t('worklist.count', { count: films.length })}
          {pending > 0 && ` · ${t('worklist.pending', { count: pending })}`}
        </p>
        <Select
          aria-label={t('worklist.order')}
          value={order}
          onChange={(event) => setOrder(event.target.value as typeof order)}
        >
          <option value="risk">{t('worklist.byRisk')}</option>
          <option value="arrival">{t('worklist.byArrival')}</option>
        </Select>
      </div>
      <ul className="grid gap-1 overflow-y-auto max-lg:max-h-56">
        {(order === 'risk' ? byRisk(films) : films).map((film) => (
          <FilmRow
            key={film.id}
            film={film}
            selected={film.id === selectedId}
            onSelect={() => select(film.id)}
            result={result}
          />
        ))}
      </ul>
      {failed.length > 1 && (
        <Button size="sm" onClick={() => failed.forEach(({ id }) => void retry(id))}>
          {t('worklist.retryAll', { count: failed.length })}
        </Button>
      )}
      <Button variant="ghost" size="sm" onClick={clear}>
        {t('worklist.clear')}
      </Button>
    </nav>
  );
}
