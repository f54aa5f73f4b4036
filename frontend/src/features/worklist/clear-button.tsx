import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { isRead } from './film';
import { clear } from './runner';
import { useWorklist } from './store';

/** Removes every film; where several answers would go with them, only by a second button, which the first one brings and takes away. */
export function ClearButton() {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const costly = useWorklist(({ films }) => films.filter(isRead).length > 1);
  return (
    <>
      <Button
        variant="ghost"
        size="sm"
        aria-expanded={costly ? asked : undefined}
        onClick={costly ? () => setAsked(!asked) : clear}
      >
        {t('worklist.clear')}
      </Button>
      {costly && asked && (
        <Button variant="danger" size="sm" onClick={clear}>
          {t('worklist.clearSure')}
        </Button>
      )}
    </>
  );
}
