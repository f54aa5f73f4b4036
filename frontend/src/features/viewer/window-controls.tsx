import { Contrast, RotateCcw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Slider } from '@/components/ui/slider';
import { percent, times } from '@/lib/format';
import { useViewerSettings, WHOLE_WINDOW } from './settings';
import { brightnessOf, contrastOf } from './window-words';

/** Which grey levels are told apart: brightness moves the window, contrast narrows it. */
export function WindowControls() {
  const { t, i18n } = useTranslation();
  const { window, inverted, set, toggle } = useViewerSettings();
  const brightness = brightnessOf(window);
  const contrast = contrastOf(window);
  return (
    <>
      <Slider
        label={t('viewer.brightness')}
        value={brightness}
        min={-0.9}
        max={0.9}
        text={percent(brightness, i18n.language, 0)}
        onChange={(value) => set({ window: { ...window, level: (1 - value) / 2 } })}
      />
      <Slider
        label={t('viewer.contrast')}
        value={contrast}
        min={0.5}
        max={8}
        step={0.05}
        text={times(contrast, i18n.language)}
        onChange={(value) => set({ window: { ...window, width: 1 / value } })}
      />
      <div className="flex gap-2">
        <Button size="sm" aria-pressed={inverted} aria-keyshortcuts="i" onClick={() => toggle('inverted')}>
          <Contrast aria-hidden />
          {t('viewer.invert')}
        </Button>
        <Button
          size="sm"
          aria-keyshortcuts="r"
          onClick={() => set({ window: WHOLE_WINDOW, inverted: false })}
        >
          <RotateCcw aria-hidden />
          {t('viewer.reset')}
        </Button>
      </div>
    </>
  );
}
