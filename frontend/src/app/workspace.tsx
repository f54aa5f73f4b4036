import { useTranslation } from 'react-i18next';
import { RiskBadge } from '@/features/answer/risk-badge';
import { DropZone } from '@/features/intake/drop-zone';
import type { Film } from '@/features/worklist/film';
import { useSelectedFilm } from '@/features/worklist/store';
import { WorkList } from '@/features/worklist/work-list';
import { Reading } from './reading';

/** Films on the left, the film in the middle, its answer on the right; one below the other where it is narrow. */
export function Workspace({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation();
  const film = useSelectedFilm();
  return (
    <div className="grid min-h-0 flex-1 content-start gap-3 p-3 lg:grid-cols-[17rem_minmax(0,1fr)_20rem] lg:grid-rows-[minmax(0,auto)_minmax(8rem,1fr)] lg:content-stretch">
      <aside className="flex min-h-0 flex-col gap-3 lg:row-span-2">
        <DropZone large={false} onFiles={onFiles} />
        <WorkList result={shortAnswer} />
      </aside>
      {film ? <Reading film={film} /> : <p className="m-auto text-muted">{t('viewer.none')}</p>}
    </div>
  );
}

function shortAnswer({ step }: Film) {
  return step.name === 'done' ? <RiskBadge code={step.answer.risk_code} short /> : null;
}
