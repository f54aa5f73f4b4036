/** What stands on the page and in the report in the same words. */
import type { TFunction } from 'i18next';
import { percent } from '@/lib/format';
import type { Heatmap } from '@/lib/heatmap';
import { missRate } from './measured';
import { type Region, regionsOf } from './where';

/** Say how often these networks call a pneumonia normal. */
export function missSentence(version: string, t: TFunction, language: string): string {
  const rate = missRate(version);
  if (!rate) return t('answer.missedUnknown');
  return t('answer.missed', { ...rate, share: percent(rate.missed / rate.of, language) });
}

/** Say where the map points, for those who cannot see it. */
export function whereSentence(map: Heatmap, t: TFunction, language: string): string {
  const [first, second] = regionsOf(map);
  if (!first || !second) return t('where.nowhere');
  const name = ({ side, zone }: Region) => t(`where.${side}.${zone}`);
  const share = (region: Region) => percent(region.share, language, 0);
  return t('where.sentence', {
    first: name(first),
    firstShare: share(first),
    second: name(second),
    secondShare: share(second),
  });
}
