import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import type { Film } from './film';
import { insist } from './runner';

/** Asks whether a picture that was refused as no chest radiograph is to be read all the same, once. */
export function UnusualOffer({ film }: { film: Film }) {
  const { t } = useTranslation();
  const { step, asked } = film;
  if (step.name !== 'failed' || step.error.code !== 'not_a_chest_radiograph' || asked.allowUnusual)
    return null;
  return (
    <div className="grid gap-1">
      <p className="text-muted text-xs">{t('worklist.insistMeans')}</p>
      <Button size="sm" onClick={() => insist(film)}>
        {t('worklist.insist')}
      </Button>
    </div>
  );
}
