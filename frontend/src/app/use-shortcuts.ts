import { useEffect } from 'react';
import { usePreferences } from '@/features/preferences/store';
import { useViewerSettings, WHOLE_WINDOW } from '@/features/viewer/settings';
import { selectNext } from '@/features/worklist/select-next';

const viewer = useViewerSettings.getState;

export const SHORTCUTS = {
  h: () => viewer().toggle('heat'),
  g: () => viewer().toggle('coarse'),
  s: () => viewer().toggle('sideBySide'),
  i: () => viewer().toggle('inverted'),
  r: () => viewer().set({ window: WHOLE_WINDOW, inverted: false }),
  j: () => selectNext(1),
  k: () => selectNext(-1),
} as const;

/** Let single keys steer the page, unless they were turned off or something is being typed. */
export function useShortcuts(onHelp: () => void): void {
  const on = usePreferences(({ shortcuts }) => shortcuts);
  useEffect(() => {
    if (!on) return;
    function press(event: KeyboardEvent) {
      const busy =
        event.target instanceof Element && event.target.closest('input, select, textarea, [role=dialog]');
      if (busy || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '?') onHelp();
      else SHORTCUTS[letterOf(event) as keyof typeof SHORTCUTS]?.();
    }
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [on, onHelp]);
}

/** Return the Latin letter of a key, which a keyboard of another script has by its place only. */
function letterOf({ key, code }: KeyboardEvent): string {
  return /^[a-z]$/i.test(key) ? key.toLowerCase() : code.replace(/^Key/, '').toLowerCase();
}
