import { useTranslation } from 'react-i18next';
import { percent } from '@/lib/format';
import type { Heatmap } from '@/lib/heatmap';
import { regionsOf } from './where';

/** Says in words where the map points, for those who cannot see it. */
export function WhereSentence({ map }: { map: Heatmap }) {
  const { t, i18n } = useTranslation();
  const [first, second] = regionsOf(map);
  if (!first || !second) return <p className="text-sm">{t('where.nowhere')}</p>;
  const name = ({ side, zone }: typeof first) => t(`where.${side}.${zone}`);
  const share = (region: typeof first) => percent(region.share, i18n.language, 0);
  return (
    <>
      <p className="text-sm">
        {t('where.sentence', {
          first: name(first),
          firstShare: share(first),
          second: name(second),
          secondShare: share(second),
        })}
      </p>
      <p className="mt-2 text-muted text-xs">{t('where.caveat')}</p>
    </>
  );
}
