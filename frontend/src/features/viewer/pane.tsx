import { clsx } from 'clsx';
import { type Dispatch, type KeyboardEvent, type SetStateAction, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Heatmap } from '@/lib/heatmap';
import { HeatLayer } from './heat-layer';
import { useViewerSettings } from './settings';
import { useGestures } from './use-gestures';
import { useSize } from './use-size';
import { panBy, place, type Size, type View, WHOLE, zoomBy } from './view';
import { WindowFilter } from './window-filter';
import { windowWords } from './window-words';

interface PaneProps {
  url: string;
  film: Size;
  map: Heatmap | null;
  label: string;
  view: View;
  setView: Dispatch<SetStateAction<View>>;
}

const STEP = 40;

/** The film, whole and in its own aspect, under the window and below the map. */
export function Pane({ url, film, map, label, view, setView }: PaneProps) {
  const { t, i18n } = useTranslation();
  const { window, inverted, opacity, colours, coarse } = useViewerSettings();
  const ref = useRef<HTMLDivElement>(null);
  const filter = useId();
  const size = useSize(ref);
  useGestures(ref, film, view.zoom <= 1, setView);
  const box = place(film, size, view);
  const seen = [label, ...windowWords(window, inverted, t, i18n.language)].join(' · ');

  function steer(event: KeyboardEvent) {
    const moved = MOVES[event.key];
    if (!moved || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    setView((now) => moved(now, place(film, size, now)));
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be no truer
    <div
      ref={ref}
      role="group"
      aria-label={t('viewer.pane', { label: seen })}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the film within it
      tabIndex={0}
      onKeyDown={steer}
      className={clsx(
        '-outline-offset-2 relative min-h-0 flex-1 overflow-hidden bg-black forced-color-adjust-none',
        // At its whole size there is nothing to drag: a finger scrolls the page.
        view.zoom > 1 ? 'cursor-grab touch-none' : 'touch-pan-y',
      )}
    >
      <WindowFilter id={filter} window={window} inverted={inverted} />
      <img
        src={url}
        alt={t('viewer.filmAlt')}
        draggable={false}
        className="absolute max-w-none select-none"
        style={{ ...box, filter: `url("#${filter}")` }}
      />
      {map && <HeatLayer map={map} colours={colours} coarse={coarse} style={{ ...box, opacity }} />}
      <span className="absolute start-2 top-2 max-w-[calc(100%-9rem)] wrap-anywhere rounded bg-black/70 px-1.5 py-0.5 text-white text-xs">
        {seen}
      </span>
    </div>
  );
}

const MOVES: Record<string, (view: View, box: Size) => View> = {
  ArrowLeft: (view, box) => panBy(view, STEP, 0, box),
  ArrowRight: (view, box) => panBy(view, -STEP, 0, box),
  ArrowUp: (view, box) => panBy(view, 0, STEP, box),
  ArrowDown: (view, box) => panBy(view, 0, -STEP, box),
  '+': (view, box) => zoomBy(view, 1.25, box),
  '=': (view, box) => zoomBy(view, 1.25, box),
  '-': (view, box) => zoomBy(view, 0.8, box),
  '0': () => WHOLE,
};
