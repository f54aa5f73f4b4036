import { clsx } from 'clsx';
import { useTranslation } from 'react-i18next';
import { type Answer, FINDINGS } from '@/lib/contract';
import { percent } from '@/lib/format';

export function ProbabilityBars({ answer }: { answer: Answer }) {
  const { t, i18n } = useTranslation();
  return (
    <dl className="grid gap-3">
      {FINDINGS.map((finding) => {
        const share = answer.probabilities[finding];
        const chosen = finding === answer.prediction;
        return (
          <div
            key={finding}
            className={clsx('grid grid-cols-[1fr_auto] gap-x-2 text-sm', chosen && 'font-semibold')}
          >
            <dt>{t(`finding.${finding}`)}</dt>
            <dd className="tabular-nums">{percent(share, i18n.language)}</dd>
            <dd aria-hidden className="col-span-2 mt-1 h-2 overflow-hidden rounded-full bg-track">
              <div
                className={clsx('h-full rounded-full', chosen ? 'bg-accent' : 'bg-line-strong')}
                style={{ width: `${share * 100}%` }}
              />
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
