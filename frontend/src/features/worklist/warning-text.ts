import type { TFunction } from 'i18next';
import type { Warning } from '@/lib/contract';
import { warningSentence } from '@/lib/doubt';

/** Say what is odd about a film in the few words that a list has room for. */
export function shortWarning(warning: Warning, t: TFunction): string {
  return warning.code === 'unusual' ? t('worklist.unusual') : warningSentence(warning, t);
}
