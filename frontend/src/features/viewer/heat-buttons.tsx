import { Columns2, Flame, Grid3x3 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { ColoursSelect } from './colours-select';
import { useViewerSettings } from './settings';

/** Whether the map is shown, how finely, and in which colours. */
export function HeatButtons({ mapped }: { mapped: boolean }) {
  const { t } = useTranslation();
  const { heat, coarse, sideBySide, toggle } = useViewerSettings();
  return (
    <fieldset disabled={!mapped} className="flex min-w-0 flex-wrap items-center gap-2">
      <legend className="sr-only">{t('viewer.map')}</legend>
      <Button size="sm" aria-pressed={heat} aria-keyshortcuts="h" onClick={() => toggle('heat')}>
        <Flame aria-hidden />
        {t('viewer.map')}
      </Button>
      <Button size="sm" aria-pressed={coarse} aria-keyshortcuts="g" onClick={() => toggle('coarse')}>
        <Grid3x3 aria-hidden />
        {t('viewer.cells')}
      </Button>
      <Button size="sm" aria-pressed={sideBySide} aria-keyshortcuts="s" onClick={() => toggle('sideBySide')}>
        <Columns2 aria-hidden />
        {t('viewer.sideBySide')}
      </Button>
      <ColoursSelect />
    </fieldset>
  );
}
