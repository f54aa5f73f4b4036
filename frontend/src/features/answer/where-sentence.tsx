import { useTranslation } from 'react-i18next';
import type { Finding, Zone } from '@/lib/contract';
import { whereSentence } from './sentences';

export function WhereSentence({ regions, prediction }: { regions: Zone[]; prediction: Finding }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <p className="text-sm">{whereSentence(regions, prediction, t, i18n.language)}</p>
      <p className="mt-2 text-muted text-xs">{t('where.caveat')}</p>
    </>
  );
}
