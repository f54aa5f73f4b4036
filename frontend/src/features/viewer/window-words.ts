/** How a film is looked at, in words: beside the sliders and on the picture. */
import type { TFunction } from 'i18next';
import { percent, times } from '@/lib/format';
import { WHOLE_WINDOW, type Window } from './settings';

export const brightnessOf = ({ level }: Window) => 1 - 2 * level;
export const contrastOf = ({ width }: Window) => 1 / width;

/** Say in what the film that is shown differs from the film that was given; empty where it does not. */
export function windowWords(window: Window, inverted: boolean, t: TFunction, language: string): string[] {
  const words = [
    window.level !== WHOLE_WINDOW.level &&
      `${t('viewer.brightness')} ${percent(brightnessOf(window), language, 0)}`,
    window.width !== WHOLE_WINDOW.width && `${t('viewer.contrast')} ${times(contrastOf(window), language)}`,
    inverted && t('viewer.inverted'),
  ];
  return words.filter((word) => word !== false);
}
