import { clsx } from 'clsx';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer } from '@/lib/contract';
import type { Film } from './film';
import { FilmActions } from './film-actions';
import { ShrinkOffer } from './shrink-offer';
import { StepText } from './step-text';
import { Thumbnail } from './thumbnail';
import { UnusualOffer } from './unusual-offer';
import { shortWarning } from './warning-text';

interface FilmRowProps {
  film: Film;
  selected: boolean;
  onSelect: () => void;
  /** Draws what is said of a film that was read. */
  result: (film: Film) => ReactNode;
}

export function FilmRow({ film, selected, onSelect, result }: FilmRowProps) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (selected) row.current?.scrollIntoView?.({ block: 'nearest' });
  }, [selected]);
  return (
    <li
      ref={row}
      className={clsx(
        'rounded-lg border p-2',
        selected ? 'border-accent bg-accent-soft' : 'border-transparent hover:bg-hover',
      )}
      data-step={film.step.name}
      data-chosen={selected || undefined}
    >
      <div className="flex items-center gap-2">
        <button
          type="button"
          aria-current={selected}
          onClick={onSelect}
          className="flex min-w-0 flex-1 items-center gap-2 text-start"
        >
          <Thumbnail url={film.url} />
          <span className="min-w-0">
            <span className="block truncate text-sm" title={film.name}>
              {film.name}
            </span>
            {result(film)}
          </span>
        </button>
        <FilmActions film={film} />
      </div>
      <StepText film={film} />
      <ShrinkOffer film={film} />
      <UnusualOffer film={film} />
      {film.step.name === 'done' && <Notes film={film} answer={film.step.answer} />}
    </li>
  );
}

/** What else must be known of a film that was read, wherever it is listed. */
function Notes({ film, answer }: { film: Film; answer: Answer }) {
  const { t } = useTranslation();
  return (
    <>
      {answer.warnings?.map((warning) => (
        <p key={warning.code} className="text-caution text-xs">
          {shortWarning(warning, t)}
        </p>
      ))}
      {film.corrections.length > 0 && <p className="text-muted text-xs">{t('worklist.corrected')}</p>}
      {film.shrunk && <p className="text-muted text-xs">{t('worklist.shrunk')}</p>}
    </>
  );
}
