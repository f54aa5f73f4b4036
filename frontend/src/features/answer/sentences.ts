/** What stands on the page and in the report in the same words. */
import type { TFunction } from 'i18next';
import type { Answer, Finding, Zone } from '@/lib/contract';
import { percent } from '@/lib/format';
import { missRate } from './measured';
import { agree, opinionsOf } from './opinions';

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
export function whereSentence(regions: Zone[], prediction: Finding, t: TFunction, language: string): string {
  const [first, second] = regions;
  if (!first || !second) return t('where.nowhere');
  const name = ({ side, zone }: Zone) => t(`where.${side}.${zone}`);
  const share = (region: Zone) => percent(region.share, language, 0);
  const words = { finding: t(`finding.${prediction}`), first: name(first), firstShare: share(first) };
  if (first.share < STANDS_OUT) return t('where.spread', words);
  if (second.share < NOTHING) return t('where.alone', words);
  return t('where.sentence', {
    ...words,
    second: name(second),
    secondShare: share(second),
  });
}

// Of all the probability, so much would have to move to make one network's answer the other's.
const NOTICEABLE = 0.3;

export const differNoticeably = ({ disagreement = 0 }: Answer) => disagreement >= NOTICEABLE;

/** Say whether the networks agree. */
export function agreementSentence(answer: Answer, t: TFunction): string {
  const agreed = agree(opinionsOf(answer));
  if (differNoticeably(answer)) return t(agreed ? 'answer.differ' : 'answer.disagreeMuch');
  return t(agreed ? 'answer.agree' : 'answer.disagree');
}
