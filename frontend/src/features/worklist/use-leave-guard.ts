import { useEffect } from 'react';
import { isPending, isRead } from './film';
import { useWorklist } from './store';

/** Have the browser ask before the page is left with answers on it, or with films that are to get one. */
export function useLeaveGuard(): void {
  const costly = useWorklist(({ films }) => films.some((film) => isRead(film) || isPending(film)));
  useEffect(() => {
    if (!costly) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [costly]);
}
