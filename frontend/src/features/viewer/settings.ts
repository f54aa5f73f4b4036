import { create } from 'zustand';
import type { ColourMap } from '@/lib/colour-map';

export interface Window {
  /** Grey level in the middle of the window; 0 is black, 1 is white. */
  level: number;
  /** Range of grey levels that the window spreads from black to white. */
  width: number;
}

interface ViewerSettings {
  heat: boolean;
  opacity: number;
  colours: ColourMap;
  /** Show the networks' own cells instead of what lies between them. */
  coarse: boolean;
  sideBySide: boolean;
  window: Window;
  inverted: boolean;
  set: (change: Partial<Omit<ViewerSettings, 'set'>>) => void;
  toggle: (what: 'heat' | 'coarse' | 'sideBySide' | 'inverted') => void;
}

export const WHOLE_WINDOW: Window = { level: 0.5, width: 1 };

/** How films are looked at; it stays as the reader goes from film to film. */
export const useViewerSettings = create<ViewerSettings>()((set) => ({
  heat: true,
  opacity: 0.6,
  colours: 'inferno',
  coarse: false,
  sideBySide: false,
  window: WHOLE_WINDOW,
  inverted: false,
  set,
  toggle: (what) =>
    set((settings) => ({
      [what]: !settings[what],
      ...(what === 'sideBySide' && !settings.sideBySide && { heat: true }), // beside the film there is its map
    })),
}));

/** Return the line that takes a grey level to what the window shows of it, before clipping to [0, 1]. */
export function transferOf(
  { level, width }: Window,
  inverted: boolean,
): { slope: number; intercept: number } {
  const slope = 1 / width;
  const intercept = 0.5 - level / width;
  return inverted ? { slope: -slope, intercept: 1 - intercept } : { slope, intercept };
}
