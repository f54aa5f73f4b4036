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
    { name: 'pneumonet.preferences' },
  ),
);
