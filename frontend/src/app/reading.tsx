import { useTranslation } from 'react-i18next';
import { AnswerReasons, AnswerSummary } from '@/features/answer/answer-panel';
import { missSentence, whereSentence } from '@/features/answer/sentences';
import { ReportButtons } from '@/features/report/report-buttons';
import { useViewerSettings } from '@/features/viewer/settings';
import { Viewer } from '@/features/viewer/viewer';
import type { Film } from '@/features/worklist/film';
import { StepText } from '@/features/worklist/step-text';
import { useHeatmap } from './use-heatmap';

const GROUP = 'grid content-start gap-3';

/** A film and its answer side by side; where it is narrow, the answer stands above the film and its reasons below. */
export function Reading({ film }: { film: Film }) {
  const { t, i18n } = useTranslation();
  const answer = film.step.name === 'done' ? film.step.answer : null;
  const map = useHeatmap(answer?.heatmap_image ?? null);
  const colours = useViewerSettings((settings) => settings.colours);
  const notes = [
    map && `${t('where.title')}: ${whereSentence(map, t, i18n.language)}`,
    answer?.prediction === 'NORMAL' && missSentence(answer.model_version, t, i18n.language),
  ].filter((note) => typeof note === 'string');
  return (
    <>
      <section
        aria-label={t('viewer.title')}
        className="flex min-h-[70dvh] flex-col overflow-hidden rounded-xl border border-line max-lg:order-2 lg:min-h-0"
      >
        <Viewer key={film.id} url={film.url} map={map} />
      </section>
      <section
        aria-label={t('answer.title')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within the keyboard's reach
        tabIndex={0}
        className={`${GROUP} max-lg:contents lg:overflow-y-auto`}
      >
        {answer ? (
          <>
            <div className={`${GROUP} max-lg:order-1`}>
              <AnswerSummary answer={answer} />
            </div>
            <div className={`${GROUP} max-lg:order-3`}>
              <AnswerReasons answer={answer} map={map} />
              <ReportButtons url={film.url} {...{ answer, map, colours, notes }} />
            </div>
          </>
        ) : (
          <div className="grid gap-2 rounded-xl border border-line bg-panel p-4 max-lg:order-1">
            <p className="text-muted">{t('answer.none')}</p>
            <StepText film={film} />
          </div>
        )}
      </section>
    </>
  );
}
