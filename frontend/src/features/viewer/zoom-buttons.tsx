import { Maximize, ZoomIn, ZoomOut } from 'lucide-react';
import type { Dispatch, SetStateAction } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { MOST_ZOOM, type View, WHOLE, zoomBy } from './view';

const UNIT = { width: 1, height: 1 };

interface ZoomButtonsProps {
  view: View;
  setView: Dispatch<SetStateAction<View>>;
}

export function ZoomButtons({ view, setView }: ZoomButtonsProps) {
  const { t } = useTranslation();
  const zoom = (factor: number) => setView((now) => zoomBy(now, factor, UNIT));
  return (
    <div className="absolute end-2 top-2 flex rounded-lg border border-line bg-panel/90">
      <Button
        variant="ghost"
        size="icon"
        aria-label={t('viewer.zoomOut')}
        disabled={view.zoom <= 1}
        onClick={() => zoom(0.8)}
      >
        <ZoomOut aria-hidden />
      </Button>
      <Button
        variant="ghost"
        size="icon"
        aria-label={t('viewer.zoomIn')}
        disabled={view.zoom >= MOST_ZOOM}
        onClick={() => zoom(1.25)}
      >
        <ZoomIn aria-hidden />
      </Button>
      <Button variant="ghost" size="icon" aria-label={t('viewer.fit')} onClick={() => setView(WHOLE)}>
        <Maximize aria-hidden />
      </Button>
    </div>
  );
}
