import type { TFunction } from 'i18next';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { notExcluded } from '@/lib/doubt';
import { percent } from '@/lib/format';
import { errorSentence } from './error-text';
import type { Film, Step } from './film';
import { useWorklist } from './store';
import { shortWarning } from './warning-text';

/** Tells screen readers what becomes of each film, and nobody else. */
export function Announcer() {
  const { t, i18n } = useTranslation();
  const films = useWorklist(({ films }) => films);
  const told = useRef(new Map<string, string>());
  const [news, setNews] = useState({ count: 0, text: '' });

  useEffect(() => {
    const changed = films.filter(({ id, step }) => told.current.get(id) !== stateOf(step));
    const lines = changed.map((film) => newsOf(film, t, i18n.language)).filter((line) => line !== '');
    told.current = new Map(films.map(({ id, step }) => [id, stateOf(step)]));
    if (lines.length > 0) setNews(({ count }) => ({ count: count + 1, text: lines.join(' ') }));
  }, [films, t, i18n.language]);

  return (
    <p aria-live="polite" className="sr-only" data-testid="news">
      {/* A new element each time: the same words are news again. */}
      <span key={news.count}>{news.text}</span>
    </p>
  );
}

/** Name what is news when it changes: another answer to the same film is. */
const stateOf = (step: Step) => (step.name === 'done' ? step.answer.request_id : step.name);

/** Say what became of a film; an indeterminate answer is no statement of its class, and none is told without its doubts. Waiting and sending are no news. */
function newsOf({ name, step }: Film, t: TFunction, language: string): string {
  switch (step.name) {
    case 'waiting':
    case 'uploading':
      return '';
    case 'refused':
      return `${t('news.refused', { name })} ${t(`refusal.${step.reason}`)}`;
    case 'failed':
      return `${t('news.failed', { name })} ${errorSentence(step.error, t)}`;
    case 'done': {
      const { prediction, probabilities, risk_code: code, warnings = [] } = step.answer;
      const finding = t(`finding.${prediction}`);
      const confidence = percent(probabilities[prediction], language, 2);
      const news =
        code === 'indeterminate'
          ? t('news.unclear', { name, finding, confidence })
          : t('news.done', { name, finding, confidence, risk: t(`risk.${code}`) });
      const doubts = [
        notExcluded(step.answer, t, language),
        ...warnings.map((warning) => shortWarning(warning, t)),
      ];
      return [news, ...doubts.filter((doubt) => doubt !== null)].join(' ');
    }
    default:
      return t(`news.${step.name}`, { name });
  }
}
