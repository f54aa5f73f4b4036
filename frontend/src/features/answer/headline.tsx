import { clsx } from 'clsx';
import { CircleQuestionMark } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Answer } from '@/lib/contract';
import { notExcluded } from '@/lib/doubt';
import { percent } from '@/lib/format';
import { RiskBadge } from './risk-badge';

/** The answer in one look: an indeterminate one is a question, and its likeliest class stands second. */
export function Headline({ answer }: { answer: Answer }) {
  const { t, i18n } = useTranslation();
  const unclear = answer.risk_code === 'indeterminate';
  const finding = t(`finding.${answer.prediction}`);
  const doubt = notExcluded(answer, t, i18n.language);
  const confidence = percent(answer.probabilities[answer.prediction], i18n.language, 2);
  return (
    <div
      className={clsx(
        'rounded-xl border p-4',
        unclear ? 'border-question border-dashed' : 'border-line bg-panel',
      )}
    >
      <RiskBadge code={answer.risk_code} />
      <h2 className="mt-3 font-semibold text-2xl leading-tight">{unclear ? t('answer.unclear') : finding}</h2>
      <p className="mt-1 text-muted">
        {t(unclear ? 'answer.leaning' : 'answer.confidence', { finding, confidence })}
      </p>
      {doubt && (
        <p className="mt-3 flex gap-2 border-line border-t pt-3 text-sm">
          <CircleQuestionMark aria-hidden className="mt-0.5 size-4 shrink-0 text-question" />
          {doubt}
        </p>
      )}
    </div>
  );
}
