import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

interface Preferences {
  theme: Theme;
  /** Single keys steer the viewer (WCAG 2.1.4: they can be turned off). */
  shortcuts: boolean;
  setTheme: (theme: Theme) => void;
  setShortcuts: (on: boolean) => void;
}

/** How the page looks and listens: all that the browser remembers, beside the language. */
export const usePreferences = create<Preferences>()(
  persist(
    (set) => ({
      theme: 'dark', // as reading rooms are
      shortcuts: true,
      setTheme: (theme) => set({ theme }),
      setShortcuts: (shortcuts) => set({ shortcuts }),
    }),
    {
      name: 'pneumonet.preferences',
      merge: (kept, first) => ({ ...first, ...understood(kept as Partial<Preferences> | null) }),
    },
  ),
);

/** Leave out what an older page, a newer one or a stranger has written. */
function understood(kept: Partial<Preferences> | null): Partial<Preferences> {
  const { theme, shortcuts } = kept ?? {};
  return {
    ...(theme && THEMES.includes(theme) && { theme }),
    ...(typeof shortcuts === 'boolean' && { shortcuts }),
  };
}
