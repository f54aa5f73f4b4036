import { useTranslation } from 'react-i18next';
import { Slider } from '@/components/ui/slider';
import { percent } from '@/lib/format';
import { useViewerSettings } from './settings';

export function OpacitySlider({ mapped }: { mapped: boolean }) {
  const { t, i18n } = useTranslation();
  const { heat, opacity, set } = useViewerSettings();
  return (
    <Slider
      label={t('viewer.opacity')}
      value={opacity}
      text={percent(opacity, i18n.language, 0)}
      disabled={!mapped || !heat}
      onChange={(value) => set({ opacity: value })}
    />
  );
}
