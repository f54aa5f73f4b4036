import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Heatmap } from '@/lib/heatmap';
import { Pane } from './pane';
import { useViewerSettings } from './settings';
import { Toolbar } from './toolbar';
import { useFilmSize } from './use-film-size';
import { WHOLE } from './view';
import { ZoomButtons } from './zoom-buttons';

interface ViewerProps {
  url: string;
  map: Heatmap | null;
  /** Names the map: which class it explains. */
  mapLabel: string;
}

/** One film, as the reader wants to see it; give it the film's id as key, so that each film starts whole. */
export function Viewer({ url, map, mapLabel }: ViewerProps) {
  const { t } = useTranslation();
  const { heat, sideBySide } = useViewerSettings();
  const [view, setView] = useState(WHOLE);
  const film = useFilmSize(url);

  if (film === 'unreadable') {
    return <p className="m-auto p-8 text-center text-muted">{t('viewer.unreadable')}</p>;
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="relative flex min-h-64 flex-1 gap-px bg-black max-sm:flex-col">
        {film && (
          <>
            {sideBySide && map && (
              <Pane {...{ url, film, view, setView }} map={null} label={t('viewer.film')} />
            )}
            <Pane
              {...{ url, film, view, setView }}
              map={heat ? map : null}
              label={map && heat ? mapLabel : t('viewer.film')}
            />
            <ZoomButtons view={view} setView={setView} />
          </>
        )}
      </div>
      <Toolbar mapped={map !== null} />
    </div>
  );
}
