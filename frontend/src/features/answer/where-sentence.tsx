import { useTranslation } from 'react-i18next';
import type { Finding } from '@/lib/contract';
import type { Heatmap } from '@/lib/heatmap';
import { whereSentence } from './sentences';

export function WhereSentence({ map, prediction }: { map: Heatmap; prediction: Finding }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <p className="text-sm">{whereSentence(map, prediction, t, i18n.language)}</p>
      <p className="mt-2 text-muted text-xs">{t('where.caveat')}</p>
    </>
  );
}
