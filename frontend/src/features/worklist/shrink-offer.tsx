import { Minimize2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import type { Film } from './film';
import { shrink } from './shrink';
import { replace } from './take-in';

/** Offers a smaller copy of a film that is too large, and says what that means. */
export function ShrinkOffer({ film }: { film: Film }) {
  const { t } = useTranslation();
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle');
  function send() {
    setState('busy');
    shrink(film.file)
      .then((smaller) => replace(film, smaller))
      .then(
        () => setState('idle'),
        () => setState('failed'),
      );
  }
  if (!canShrink(film)) return null;
  if (state === 'failed') return <p className="text-danger text-xs">{t('worklist.shrinkFailed')}</p>;
  return (
    <div className="grid gap-1">
      <Button size="sm" disabled={state === 'busy'} onClick={send}>
        <Minimize2 aria-hidden />
        {t('worklist.shrink')}
      </Button>
      <p className="text-muted text-xs">{t('worklist.shrinkMeans')}</p>
    </div>
  );
}

/** A copy in eight bits would lose a sixteen-bit film's grey levels. */
function canShrink({ step, shrunk, sixteenBit }: Film): boolean {
  if (shrunk || sixteenBit) return false;
  if (step.name === 'failed') return step.error.code === 'image_too_large';
  return step.name === 'refused' && step.reason === 'too_large';
}
