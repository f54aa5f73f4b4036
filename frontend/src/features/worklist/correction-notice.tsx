import { Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { undo } from './correct';
import type { Film } from './film';

/** Says how the film differs from the file that was given, and takes the last change back. */
export function CorrectionNotice({ film, onUndone }: { film: Film; onUndone: () => void }) {
  const { t } = useTranslation();
  const { corrections } = film;
  if (corrections.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center justify-between gap-2 rounded-xl border border-line bg-panel p-3 text-sm">
      <ul>
        {corrections.map(({ correction, before }) => (
          <li key={before.url}>{t(`correction.done.${correction}`)}</li>
        ))}
      </ul>
      <Button
        size="sm"
        onClick={() => {
          undo(film);
          onUndone();
        }}
      >
        <Undo2 aria-hidden />
        {t('correction.undo')}
      </Button>
    </div>
  );
}
