import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Select } from '@/components/ui/select';
import { ClearButton } from './clear-button';
import { type Film, isPending, mayRecover } from './film';
import { FilmRow } from './film-row';
import { inOrder, type Order } from './order';
import { PauseNotice } from './pause-notice';
import { retry } from './runner';
import { useWorklist } from './store';

/** Every film of this tab, the most urgent first unless the reader wants them as they came. */
export function WorkList({ result }: { result: (film: Film) => ReactNode }) {
  const { t } = useTranslation();
  const { films, order, selectedId, select, setOrder } = useWorklist();
  const pending = films.filter(isPending).length;
  const failed = films.filter(mayRecover);
  const list = useRef<HTMLElement>(null);
  const focused = useRef(false);

  useEffect(() => {
    // A button that went with its film must not take the keyboard's place with it.
    const lost = focused.current && document.activeElement === document.body;
    if (films && lost) list.current?.focus({ preventScroll: true });
  }, [films]);

  return (
    <nav
      ref={list}
      tabIndex={-1}
      onFocus={() => {
        focused.current = true;
      }}
      onBlur={({ currentTarget, relatedTarget }) => {
        focused.current = currentTarget.contains(relatedTarget);
      }}
      aria-label={t('worklist.title')}
      className="flex min-h-0 flex-col gap-2"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-muted text-sm">
          {t('worklist.count', { count: films.length })}
          {pending > 0 && ` · ${t('worklist.pending', { count: pending })}`}
        </p>
        <Select
          aria-label={t('worklist.order')}
          value={order}
          onChange={(event) => setOrder(event.target.value as Order)}
        >
          <option value="risk">{t('worklist.byRisk')}</option>
          <option value="arrival">{t('worklist.byArrival')}</option>
        </Select>
      </div>
      <PauseNotice />
      <ul className="grid grid-cols-1 gap-1 overflow-y-auto max-lg:max-h-56">
        {inOrder(films, order).map((film) => (
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
      <ClearButton />
    </nav>
  );
}
