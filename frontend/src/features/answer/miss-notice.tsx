import { useTranslation } from 'react-i18next';
import { percent } from '@/lib/format';
import { missRate } from './measured';

/** Beside a normal answer: how often it hides a pneumonia. */
export function MissNotice({ version }: { version: string }) {
  const { t, i18n } = useTranslation();
  const rate = missRate(version);
  return (
    <p className="rounded-xl border border-caution bg-caution-soft p-3 text-sm">
      {rate
        ? t('answer.missed', { ...rate, share: percent(rate.missed / rate.of, i18n.language) })
        : t('answer.missedUnknown')}
    </p>
  );
}
