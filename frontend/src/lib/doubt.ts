/** What must be known of an answer wherever it is told: on the page, on the work-list, aloud and in the report. */
import type { TFunction } from 'i18next';
import en from '@/locales/en.json';
import type { Answer, Warning } from './contract';
import { percent } from './format';

type WarningCode = keyof typeof en.warning;

const isKnown = (code: string): code is WarningCode => Object.hasOwn(en.warning, code);

/** Say what is odd about a film, in the reader's language; in the service's own words if that is new. */
export function warningSentence({ code, message }: Warning, t: TFunction): string {
  return isKnown(code) ? t(`warning.${code}`) : message;
}

// What the service's prediction sets are fitted to.
const COVERAGE = 0.95;

/** Say which findings cannot be excluded, where that is more than one; else null. */
export function notExcluded({ prediction_set }: Answer, t: TFunction, language: string): string | null {
  if (!prediction_set || prediction_set.length < 2) return null;
  const findings = new Intl.ListFormat(language).format(
    prediction_set.map((finding) => t(`finding.${finding}`)),
  );
  return t('answer.notExcluded', { findings, coverage: percent(COVERAGE, language, 0) });
}
