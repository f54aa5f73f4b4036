import { Equal, GitFork } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Answer } from '@/lib/contract';
import { percent } from '@/lib/format';
import { agree, opinionsOf } from './opinions';
import { agreementSentence, differNoticeably } from './sentences';

/** What each network said, and whether they agree. */
export function NetworkOpinions({ answer }: { answer: Answer }) {
  const { t, i18n } = useTranslation();
  const opinions = opinionsOf(answer);
  const agreed = agree(opinions) && !differNoticeably(answer);
  const Icon = agreed ? Equal : GitFork;
  return (
    <>
      <p className="mb-2 flex items-center gap-2 font-medium text-sm">
        <Icon
          aria-hidden
          className={agreed ? 'size-4 shrink-0 text-muted' : 'size-4 shrink-0 text-question'}
        />
        {agreementSentence(answer, t)}
      </p>
      <ul className="grid gap-2 text-sm">
        {opinions.map(({ name, weight, finding, share }) => (
          <li key={name}>
            <span className="text-muted">
              {t('answer.network', { name, weight: percent(weight, i18n.language, 0) })}
            </span>
            <span className="flex justify-between gap-2">
              {t(`finding.${finding}`)}
              <span className="tabular-nums">{percent(share, i18n.language)}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
