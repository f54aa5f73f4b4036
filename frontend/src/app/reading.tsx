import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { AnswerReasons, AnswerSummary } from '@/features/answer/answer-panel';
import { detailRows, provenanceRows } from '@/features/answer/detail-rows';
import {
  agreementSentence,
  differNoticeably,
  missSentence,
  whereSentence,
} from '@/features/answer/sentences';
import { regionsFor } from '@/features/answer/where';
import { ReportButtons } from '@/features/report/report-buttons';
import { useViewerSettings } from '@/features/viewer/settings';
import { Viewer } from '@/features/viewer/viewer';
import { canCorrect, correct } from '@/features/worklist/correct';
import { CorrectionNotice } from '@/features/worklist/correction-notice';
import { changesOf, type Film } from '@/features/worklist/film';
import { StepText } from '@/features/worklist/step-text';
import { useWorklist } from '@/features/worklist/store';
import type { Answer, Correction } from '@/lib/contract';
import { notExcluded, warningSentence } from '@/lib/doubt';
import type { Heatmap } from '@/lib/heatmap';
import { useHeatmap } from './use-heatmap';

const COLUMN = 'grid content-start gap-3 lg:col-start-3';

/** A film beside its answer; where it is narrow, the answer stands above the film and its reasons below. */
export function Reading({ film }: { film: Film }) {
  const { t } = useTranslation();
  const answer = film.step.name === 'done' ? film.step.answer : null;
  const map = useHeatmap(answer?.heatmap_image ?? null);
  const mapLabel = answer ? t('viewer.filmAndMap', { finding: t(`finding.${answer.prediction}`) }) : '';
  const summary = useRef<HTMLElement>(null);
  // The button that was pressed goes with the answer: the keyboard stays where the next one will be.
  const stay = () => summary.current?.focus({ preventScroll: true });

  async function onCorrect(correction: Correction) {
    const corrected = await correct(film, correction);
    if (!corrected || useWorklist.getState().selectedId !== film.id) return;
    // Who looks at a negative through the viewer's inversion would see the corrected film as a negative again.
    if (correction === 'invert') useViewerSettings.getState().set({ inverted: false });
    stay();
  }

  return (
    <div className="contents" key={film.id}>
      <section
        ref={summary}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within the keyboard's reach
        tabIndex={0}
        aria-label={t('answer.title', { name: film.name })}
        className={`${COLUMN} -outline-offset-2 lg:row-start-1 lg:min-h-0 lg:overflow-y-auto`}
      >
        <p className="wrap-anywhere px-1 font-medium text-sm">{film.name}</p>
        <CorrectionNotice film={film} onUndone={stay} />
        {answer ? (
          <AnswerSummary answer={answer} onCorrect={canCorrect(film) ? onCorrect : null} />
        ) : (
          <NoAnswer film={film} />
        )}
      </section>
      <section
        aria-label={t('viewer.title')}
        className="flex min-h-[70dvh] flex-col overflow-y-auto rounded-xl border border-line lg:col-start-2 lg:row-span-2 lg:row-start-1 lg:min-h-0"
      >
        {film.sixteenBit && <p className="bg-caution-soft p-2 text-sm">{t('viewer.sixteenBit')}</p>}
        <Viewer key={film.url} url={film.url} map={map} mapLabel={mapLabel} />
      </section>
      {answer && <Reasons {...{ film, answer, map, mapLabel }} />}
    </div>
  );
}

interface ReasonsProps {
  film: Film;
  answer: Answer;
  map: Heatmap | null;
  mapLabel: string;
}

function Reasons({ film, answer, map, mapLabel }: ReasonsProps) {
  const { t, i18n } = useTranslation();
  const { colours, coarse } = useViewerSettings();
  const regions = regionsFor(answer, map);
  const warnings = (answer.warnings ?? []).map((warning) => warningSentence(warning, t));
  const notes = [
    notExcluded(answer, t, i18n.language),
    differNoticeably(answer) && agreementSentence(answer, t),
    answer.prediction === 'NORMAL' && missSentence(answer.model_version, t, i18n.language),
    regions && `${whereSentence(regions, answer.prediction, t, i18n.language)} ${t('where.caveat')}`,
    ...film.corrections.map(({ correction }) => t(`correction.done.${correction}`)),
    film.shrunk && t('worklist.shrunk'),
  ].filter((note) => typeof note === 'string');
  const changes = changesOf(film);
  const details = [...detailRows(answer, t, i18n.language), ...provenanceRows(answer, changes !== null, t)];
  return (
    <section
      aria-label={t('answer.reasons')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within the keyboard's reach
      tabIndex={0}
      className={`${COLUMN} lg:row-start-2 lg:min-h-0 lg:overflow-y-auto`}
    >
      <AnswerReasons answer={answer} map={map} changed={changes !== null} />
      <ReportButtons
        key={answer.request_id}
        url={film.url}
        {...{ answer, changes, map, mapLabel, colours, coarse, warnings, notes, details }}
      />
    </section>
  );
}

function NoAnswer({ film }: { film: Film }) {
  const { t } = useTranslation();
  return (
    <div className="grid gap-2 rounded-xl border border-line bg-panel p-4">
      <p className="text-muted">{t('answer.none')}</p>
      <StepText film={film} />
    </div>
  );
}
