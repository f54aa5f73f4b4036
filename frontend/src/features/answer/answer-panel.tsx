import { useTranslation } from 'react-i18next';
import { Card, CardTitle } from '@/components/ui/card';
import type { Answer, Correction } from '@/lib/contract';
import type { Heatmap } from '@/lib/heatmap';
import { Details } from './details';
import { Headline } from './headline';
import { MissNotice } from './miss-notice';
import { NetworkOpinions } from './network-opinions';
import { ProbabilityBars } from './probability-bars';
import { Unusual, Warnings } from './warnings';
import { regionsFor } from './where';
import { WhereSentence } from './where-sentence';

interface AnswerSummaryProps {
  answer: Answer;
  /** Has the film read otherwise; null where it cannot be. */
  onCorrect?: ((correction: Correction) => Promise<void>) | null;
}

/** The answer, and what must be known before it is believed. */
export function AnswerSummary({ answer, onCorrect = null }: AnswerSummaryProps) {
  const warnings = answer.warnings ?? [];
  return (
    <>
      <Unusual warnings={warnings} />
      <Headline answer={answer} />
      <Warnings warnings={warnings} onCorrect={onCorrect} />
      {answer.prediction === 'NORMAL' && <MissNotice version={answer.model_version} />}
    </>
  );
}

interface AnswerReasonsProps {
  answer: Answer;
  map: Heatmap | null;
  /** What was sent is not the file that was given. */
  changed?: boolean;
}

/** The answer's doubt and its reason. */
export function AnswerReasons({ answer, map, changed = false }: AnswerReasonsProps) {
  const { t } = useTranslation();
  const regions = regionsFor(answer, map);
  return (
    <>
      <Card>
        <CardTitle>{t('answer.probabilities')}</CardTitle>
        <ProbabilityBars answer={answer} />
      </Card>
      <Card>
        <CardTitle>{t('answer.networks')}</CardTitle>
        <NetworkOpinions answer={answer} />
      </Card>
      {regions && (
        <Card>
          <CardTitle>{t('where.title')}</CardTitle>
          <WhereSentence regions={regions} prediction={answer.prediction} />
        </Card>
      )}
      <Card>
        <CardTitle>{t('answer.details')}</CardTitle>
        <Details answer={answer} changed={changed} />
      </Card>
    </>
  );
}
