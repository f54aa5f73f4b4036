import { useTranslation } from 'react-i18next';
import { Progress } from '@/components/ui/progress';
import { mustSignIn, useCredential } from '@/lib/credential';
import { percent } from '@/lib/format';
import { ErrorText } from './error-text';
import type { Film } from './film';

/** Where a film stands, in words, with a bar while something moves. */
export function StepText({ film }: { film: Film }) {
  const { t, i18n } = useTranslation();
  const { step } = film;
  const held = useCredential(mustSignIn);
  const waiting = film.timesPutOff > 0 ? 'step.putOff' : 'step.waiting';
  switch (step.name) {
    case 'uploading':
      return (
        <>
          <p className="text-muted text-xs">
            {t('step.uploading', { share: percent(step.share, i18n.language, 0) })}
          </p>
          <Progress value={step.share} label={t('step.uploadOf', { name: film.name })} />
        </>
      );
    case 'analysing':
      return (
        <>
          <p className="text-muted text-xs">{t('step.analysing')}</p>
          <Progress value={null} label={t('step.analysisOf', { name: film.name })} />
        </>
      );
    case 'refused':
      return <p className="text-danger text-xs">{t(`refusal.${step.reason}`)}</p>;
    case 'failed':
      return <ErrorText error={step.error} />;
    case 'waiting':
      return <p className="text-muted text-xs">{t(held ? 'step.held' : waiting)}</p>;
    case 'cancelled':
      return <p className="text-muted text-xs">{t('step.cancelled')}</p>;
    case 'done':
      return null;
  }
}
