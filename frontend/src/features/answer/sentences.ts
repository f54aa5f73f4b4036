/** What stands on the page and in the report in the same words. */
import type { TFunction } from 'i18next';
import type { Finding } from '@/lib/contract';
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

// An even map has a sixth in each.
const STANDS_OUT = 0.3;
// What would be called 0%.
const NOTHING = 0.005;

/** Say where the map points and for which class, for those who cannot see it. */
export function whereSentence(map: Heatmap, prediction: Finding, t: TFunction, language: string): string {
  const [first, second] = regionsOf(map);
  if (!first || !second) return t('where.nowhere');
  const name = ({ side, zone }: Region) => t(`where.${side}.${zone}`);
  const share = (region: Region) => percent(region.share, language, 0);
  const words = { finding: t(`finding.${prediction}`), first: name(first), firstShare: share(first) };
  if (first.share < STANDS_OUT) return t('where.spread', words);
  if (second.share < NOTHING) return t('where.alone', words);
  return t('where.sentence', {
    ...words,
    second: name(second),
    secondShare: share(second),
  });
}
