import { useTranslation } from 'react-i18next';
import { Card, CardTitle } from '@/components/ui/card';
import type { Answer } from '@/lib/contract';
import type { Heatmap } from '@/lib/heatmap';
import { Details } from './details';
import { Headline } from './headline';
import { MissNotice } from './miss-notice';
import { NetworkOpinions } from './network-opinions';
import { ProbabilityBars } from './probability-bars';
import { Warnings } from './warnings';
import { WhereSentence } from './where-sentence';

/** The answer, and what must be known before it is believed. */
export function AnswerSummary({ answer }: { answer: Answer }) {
  return (
    <>
      <Headline answer={answer} />
      <Warnings warnings={answer.warnings} />
      {answer.prediction === 'NORMAL' && <MissNotice version={answer.model_version} />}
    </>
  );
}

/** The answer's doubt and its reason. */
export function AnswerReasons({ answer, map }: { answer: Answer; map: Heatmap | null }) {
  const { t } = useTranslation();
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
      {map && (
        <Card>
          <CardTitle>{t('where.title')}</CardTitle>
          <WhereSentence map={map} prediction={answer.prediction} />
        </Card>
      )}
      <Card>
        <CardTitle>{t('answer.details')}</CardTitle>
        <Details answer={answer} />
      </Card>
    </>
  );
}
