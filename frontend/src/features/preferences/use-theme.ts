import { useEffect, useSyncExternalStore } from 'react';
import { usePreferences } from './store';

const LIGHT = '(prefers-color-scheme: light)';

/** Dress the document in the chosen theme, or in the system's. */
export function useTheme(): void {
  const chosen = usePreferences(({ theme }) => theme);
  const system = useSyncExternalStore(watchSystem, () => (matchMedia(LIGHT).matches ? 'light' : 'dark'));
  const theme = chosen === 'system' ? system : chosen;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
}

function watchSystem(changed: () => void): () => void {
  const query = matchMedia(LIGHT);
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}
