import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { percent } from '@/lib/format';
import { useWorklist } from './store';

/** Tells screen readers what becomes of each film, and nobody else. */
export function Announcer() {
  const { t, i18n } = useTranslation();
  const films = useWorklist(({ films }) => films);
  const told = useRef(new Map<string, string>());
  const [news, setNews] = useState('');

  useEffect(() => {
    const lines = films
      .filter(({ id, step }) => told.current.get(id) !== step.name)
      .map(({ name, step }) => {
        if (step.name !== 'done') return t(`news.${step.name}`, { name });
        const { prediction, probabilities, risk_code } = step.answer;
        const finding = t(`finding.${prediction}`);
        const confidence = percent(probabilities[prediction], i18n.language, 0);
        return t('news.done', { name, finding, confidence, risk: t(`risk.${risk_code}`) });
      });
    told.current = new Map(films.map(({ id, step }) => [id, step.name]));
    if (lines.length > 0) setNews(lines.join(' '));
  }, [films, t, i18n.language]);

  return (
    <p aria-live="polite" className="sr-only" data-testid="news">
      {news}
    </p>
  );
}
